import type { components, operations, paths } from './contract.js';
import type { Result } from './result.js';
import type { CallOptions, Outgoing } from './sender.js';

/**
 * The name of an operation of the contract. `wx.uploadFile` uploads an avatar, `<image>` shows one by its address, and
 * WeChat's servers and operators call what is not here.
 */
export type OperationId = Exclude<
  keyof operations,
  | 'uploadAvatar'
  | 'getSharedAvatar'
  | 'verifyPush'
  | 'receivePush'
  | 'getCheckedPicture'
  | 'listChecks'
  | 'listChecksOfUser'
  | 'getCheckPicture'
  | 'decideCheck'
  | 'listSuspensions'
  | 'putSuspension'
  | 'listTrail'
>;

/** A pending call. `cancel()` settles it at once with the problem `CANCELLED`. */
export type Call<Data, ETag = string | undefined> = Promise<Result<Data, ETag>> & { cancel(): void };

/** Every operation of the contract as a method. */
export type Operations = {
  [Id in OperationId]: 'image/png' extends keyof Content<Id>
    ? 'image/svg+xml' extends keyof Content<Id>
      ? PictureOperation<Id>
      : BytesOperation<Id>
    : 'application/x-ndjson' extends keyof Content<Id>
      ? ExportOperation
      : 304 extends keyof operations[Id]['responses']
        ? ConditionalOperation<Id>
        : Operation<Id>;
};

/** Takes parameters and body as one object: `{id, limit, ifMatch, body, …}`. Optional if all members are. */
export interface Operation<Id extends OperationId> {
  (...input: Input<Arguments<Id>>): Call<Data<Id>, ETag<Id>>;
}

/** With a known `etag` as `ifNoneMatch`, `data` is null if nothing has changed since. */
export interface ConditionalOperation<Id extends OperationId> {
  (args: Arguments<Id> & { ifNoneMatch: string }, options?: CallOptions): Call<Data<Id> | null, ETag<Id>>;
  (...input: Input<Arguments<Id> & { ifNoneMatch?: undefined }>): Call<Data<Id>, ETag<Id>>;
}

/** Gives what the answer has on each line as it arrives. A failure is the last result. */
export interface ExportOperation {
  (
    args: { profile: boolean },
    options?: CallOptions,
  ): AsyncGenerator<Result<components['schemas']['Drawing'] | components['schemas']['ExportedProfile']>, void>;
  (args?: { profile?: never }, options?: CallOptions): AsyncGenerator<Result<components['schemas']['Drawing']>, void>;
}

/** Returns a PNG as bytes, an SVG as text. */
export interface PictureOperation<Id extends OperationId> {
  (
    args: Arguments<Id> & { format: 'png'; ifNoneMatch: string },
    options?: CallOptions,
  ): Call<ArrayBuffer | null, ETag<Id>>;
  (
    args: Arguments<Id> & { format: 'png'; ifNoneMatch?: undefined },
    options?: CallOptions,
  ): Call<ArrayBuffer, ETag<Id>>;
  (args: Arguments<Id> & { format: 'svg'; ifNoneMatch: string }, options?: CallOptions): Call<string | null, ETag<Id>>;
  (args: Arguments<Id> & { format: 'svg'; ifNoneMatch?: undefined }, options?: CallOptions): Call<string, ETag<Id>>;
}

/** Returns bytes. */
export interface BytesOperation<Id extends OperationId> {
  (args: Arguments<Id> & { ifNoneMatch: string }, options?: CallOptions): Call<ArrayBuffer | null, ETag<Id>>;
  (args: Arguments<Id> & { ifNoneMatch?: undefined }, options?: CallOptions): Call<ArrayBuffer, ETag<Id>>;
}

type Input<Args> = object extends Args ? [args?: Args, options?: CallOptions] : [args: Args, options?: CallOptions];

/** The arguments of an operation, without those that the session adds. */
export type Arguments<Id extends OperationId> = Part<Id, 'path'> & Part<Id, 'query'> & Conditions<Id> & Body<Id>;

/** The data of a successful operation. */
export type Data<Id extends OperationId> = 'application/json' extends keyof Content<Id>
  ? Content<Id>['application/json']
  : [keyof Content<Id>] extends [never]
    ? undefined
    : string;

/** The entity tag of a response, if the operation has one. */
export type ETag<Id extends OperationId> =
  Succeeded<Id> extends { headers: { ETag: infer Tag } } ? Tag : string | undefined;

type Succeeded<Id extends OperationId> = operations[Id]['responses'][(200 | 201 | 204) &
  keyof operations[Id]['responses']];
type Content<Id extends OperationId> = Succeeded<Id> extends { content: infer C } ? C : {};
type Part<Id extends OperationId, Name extends 'path' | 'query'> = [
  NonNullable<operations[Id]['parameters'][Name]>,
] extends [never]
  ? unknown
  : operations[Id]['parameters'][Name] extends infer P
    ? undefined extends P
      ? Optional<Partial<NonNullable<P>>>
      : Optional<P>
    : never;
/** What may be left out may be undefined, too. */
type Optional<T> = { [M in keyof T]: object extends Pick<T, M> ? T[M] | undefined : T[M] };
type Header<Id extends OperationId> = NonNullable<operations[Id]['parameters']['header']>;
type Conditions<Id extends OperationId> = ('If-Match' extends keyof Header<Id>
  ? { ifMatch?: string | undefined }
  : unknown) &
  ('If-None-Match' extends keyof Header<Id> ? { ifNoneMatch?: string | undefined } : unknown);
type Body<Id extends OperationId> = operations[Id] extends { requestBody: { content: { 'application/json': infer B } } }
  ? { body: B }
  : unknown;

/** Method, path, and what is special: `open` needs no session, `bytes` answers no text. */
export type Route = readonly [method: Outgoing['method'], path: keyof paths, special?: 'open' | 'bytes'];

export const routes: { readonly [Id in OperationId]: Route } = {
  logIn: ['POST', '/v1/session', 'open'],
  getSession: ['GET', '/v1/session'],
  logOut: ['DELETE', '/v1/session'],
  listSessions: ['GET', '/v1/sessions'],
  endOtherSessions: ['DELETE', '/v1/sessions'],
  endSession: ['DELETE', '/v1/sessions/{id}'],
  listDrawings: ['GET', '/v1/drawings'],
  getDrawing: ['GET', '/v1/drawings/{id}'],
  putDrawing: ['PUT', '/v1/drawings/{id}'],
  deleteDrawing: ['DELETE', '/v1/drawings/{id}'],
  getDrawingImage: ['GET', '/v1/drawings/{id}/image'],
  shareDrawing: ['PUT', '/v1/drawings/{id}/share'],
  getShare: ['GET', '/v1/drawings/{id}/share'],
  getShareCode: ['GET', '/v1/drawings/{id}/share/code', 'bytes'],
  unshareDrawing: ['DELETE', '/v1/drawings/{id}/share'],
  getSharedDrawing: ['GET', '/v1/shared/{token}', 'open'],
  getSharedDrawingImage: ['GET', '/v1/shared/{token}/image', 'open'],
  reportSharedDrawing: ['POST', '/v1/shared/{token}/reports', 'open'],
  getProfile: ['GET', '/v1/profile'],
  putProfile: ['PUT', '/v1/profile'],
  deleteProfile: ['DELETE', '/v1/profile'],
  deleteAvatar: ['DELETE', '/v1/profile/avatar'],
  exportDrawings: ['GET', '/v1/export'],
  deleteAccount: ['DELETE', '/v1/account'],
  listPaints: ['GET', '/applet/session/paints/list'],
  savePaint: ['POST', '/applet/session/paints/save'],
  deletePaint: ['POST', '/applet/session/paints/delete'],
  livez: ['GET', '/livez', 'open'],
  readyz: ['GET', '/readyz', 'open'],
  getContractYaml: ['GET', '/openapi.yaml', 'open'],
  getContractJson: ['GET', '/openapi.json', 'open'],
  getCurrentContractYaml: ['GET', '/openapi-v1.yaml', 'open'],
  getCurrentContractJson: ['GET', '/openapi-v1.json', 'open'],
};

/** Any operation's arguments. */
export interface AnyArguments {
  [parameter: string]: unknown;
  ifMatch?: string | undefined;
  ifNoneMatch?: string | undefined;
  format?: string | undefined;
  body?: unknown;
}

/** The request of an operation. Arguments that are neither in the path nor a header go into the query. */
export function requestOf(baseUrl: string, [method, path, special]: Route, args: AnyArguments = {}): Outgoing {
  const { ifMatch, ifNoneMatch, body, ...parameters } = args;
  const headers: Record<string, string> = {};
  if (ifMatch) headers['If-Match'] = ifMatch;
  if (ifNoneMatch) headers['If-None-Match'] = ifNoneMatch;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const filled = path.replace(/{(\w+)}/g, (_, name: string) => {
    const value = parameters[name];
    delete parameters[name];
    return encodeURIComponent(String(value));
  });
  const query = Object.keys(parameters)
    .filter(name => parameters[name] !== undefined)
    .map(name => `${name}=${encodeURIComponent(String(parameters[name]))}`)
    .join('&');
  return {
    method,
    url: baseUrl + filled + (query && '?' + query),
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
    responseType: special === 'bytes' || args.format === 'png' ? 'arraybuffer' : 'text',
  };
}
