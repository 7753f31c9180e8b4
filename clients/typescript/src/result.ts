import type { components } from './contract.js';

/** What an operation ended with. Nothing is thrown, and no promise is rejected. */
export type Result<Data, ETag = string | undefined> = Success<Data, ETag> | Failure;

export interface Success<Data, ETag = string | undefined> {
  ok: true;
  data: Data;
  /** Names this very state of a drawing or picture, where the operation has one. */
  etag: ETag;
}

export interface Failure {
  ok: false;
  problem: Problem;
  /** How long the service asks to wait before the next try, in milliseconds. */
  retryAfterMs?: number;
}

/** Decide by `code`: `ERR_…` is the service's word, anything else the client's own. */
export type Problem = ServiceProblem | ClientProblem;

/** What the service answered (RFC 9457). */
export type ServiceProblem = components['schemas']['Problem'];

/** What went wrong on this side of the network. */
export interface ClientProblem {
  code: ClientCode;
  /** The HTTP status of a `BAD_ANSWER`, otherwise 0. */
  status: number;
  /** For developers. */
  detail: string;
}

export type ClientCode =
  /** No answer came: the request may have arrived, or not. */
  | 'NETWORK_FAILED'
  /** No answer came in time. */
  | 'TIMED_OUT'
  /** `cancel()` was called. */
  | 'CANCELLED'
  /** `login` gave no code. */
  | 'LOGIN_FAILED'
  /** Something answered that is not the service: a proxy, or the login page of a public network. */
  | 'BAD_ANSWER'
  /** Storage would not take the drawing: it is kept in memory only until it is sent. */
  | 'NOT_STORED'
  /** The drawing was deleted here, and the service has yet to hear of it. */
  | 'DELETED';

export function failure(code: ClientCode, detail = '', status = 0): Failure {
  return { ok: false, problem: { code, status, detail } };
}
