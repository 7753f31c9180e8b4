import type { components } from './contract.js';

/** The result of an operation. Nothing is thrown, and no promise is rejected. */
export type Result<Data, ETag = string | undefined> = Success<Data, ETag> | Failure;

export interface Success<Data, ETag = string | undefined> {
  ok: true;
  data: Data;
  /** The entity tag of the drawing or picture in this state, if the operation has one. */
  etag: ETag;
}

export interface Failure {
  ok: false;
  problem: Problem;
  /** How long the service asks to wait before the next try, in milliseconds. */
  retryAfterMs?: number | undefined;
}

/** Decide by `code`: `ERR_…` comes from the service, any other code from the client. */
export type Problem = ServiceProblem | ClientProblem;

/** A problem that the service reported (RFC 9457). */
export type ServiceProblem = components['schemas']['Problem'];

/** A problem that the client found itself. */
export interface ClientProblem {
  code: ClientCode;
  /** The HTTP status of a `BAD_ANSWER`, otherwise 0. */
  status: number;
  /** For developers. */
  detail: string;
}

export type ClientCode =
  /** There was no response: the request may have arrived, or not. */
  | 'NETWORK_FAILED'
  /** There was no response in time. */
  | 'TIMED_OUT'
  /** `cancel()` was called, or the call's `signal` was aborted. */
  | 'CANCELLED'
  /** `login` returned no code. */
  | 'LOGIN_FAILED'
  /** The response is not from the service, but from a proxy or the login page of a public network. */
  | 'BAD_ANSWER'
  /** Storage is full: until it is sent, the drawing is in memory only. */
  | 'NOT_STORED'
  /** The drawing was deleted here, and the deletion is not sent yet. */
  | 'DELETED';

export function failure(code: ClientCode, detail = '', status = 0): Failure {
  return { ok: false, problem: { code, status, detail } };
}
