import type { Problem } from 'onestroke-client';
import { words } from './words';

/** The message for a problem. */
export function textOf({ code }: Problem): string {
  switch (code) {
    case 'NETWORK_FAILED':
    case 'TIMED_OUT':
    case 'BAD_ANSWER':
      return words.problems.offline;
    case 'LOGIN_FAILED':
    case 'ERR_LOGIN_REQUIRED':
    case 'ERR_SESSION_EXPIRED':
    case 'ERR_SESSION_KEY_EXCHANGE_FAILED':
      return words.problems.login;
    case 'ERR_NOT_FOUND':
    case 'DELETED':
      return words.problems.gone;
    case 'ERR_QUOTA_EXCEEDED':
      return words.problems.tooMany;
    case 'ERR_SUSPENDED':
      return words.problems.suspended;
    case 'ERR_TOO_LARGE':
    case 'ERR_INVALID_REQUEST':
      return words.problems.tooLarge;
    case 'ERR_PRECONDITION_REQUIRED':
      return words.incomplete;
    case 'NOT_STORED':
      return words.problems.noRoom;
    default:
      return words.problems.busy;
  }
}
