/**
 * The client of the onestroke drawing service.
 *
 * @module
 */
import type { components } from './contract.js';

export { type Client, type ClientOptions, createClient } from './client.js';
/**
 * The types of the contract, for `openapi-fetch` and the like. `ErrorCode` has the codes of the service's problems that
 * this version knows. There may be more: treat those by their status.
 */
export type { components, ErrorCode, paths } from './contract.js';
export type { Arguments, Call, Data, OperationId, Operations } from './operations.js';
export type { Drawing, DrawingContent, DrawingState, DrawingSummary, Outbox, Unsent } from './outbox.js';
export { pages } from './pages.js';
export type { ClientCode, ClientProblem, Failure, Problem, Result, ServiceProblem, Success } from './result.js';
export type { CallOptions, Signal, Timer } from './sender.js';
export type { LoginCode } from './session.js';
export { memoryStorage, type Storage, type WebStorage, webStorage, wxStorage } from './storage.js';
export {
  type CloudService,
  cloudTransport,
  type Fetch,
  fetchTransport,
  type HttpExchange,
  type HttpRequest,
  type HttpResponse,
  type HttpStream,
  type Progress,
  type Transport,
  wxTransport,
  type Xhr,
  xhrTransport,
} from './transport.js';
export { type Cloud, type Wx, wxLogin } from './wx.js';

export type Stroke = components['schemas']['Stroke'];
export type SharedDrawing = components['schemas']['SharedDrawing'];
export type SessionSummary = components['schemas']['SessionSummary'];
export type User = components['schemas']['User'];

export { contentOf, isSameContent } from './content.js';
export { newId } from './id.js';
