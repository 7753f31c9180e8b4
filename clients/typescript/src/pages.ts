import type { Result } from './result.js';
import type { CallOptions } from './sender.js';

/** An operation that lists in pages. */
type List = (args: never, options?: CallOptions) => Promise<Result<{ nextCursor?: string }, unknown>>;
type ArgumentsOf<L extends List> = NonNullable<Parameters<L>[0]>;
type PageOf<L extends List> = L extends (...input: never) => Promise<infer Page> ? Page : never;

/**
 * The pages of a list, each a result of `list`. They end with the last page, or with a failure.
 *
 * ```ts
 * for await (const page of pages(client.listDrawings, { limit: 100 })) {
 *   if (!page.ok) return show(page.problem);
 *   add(page.data.items);
 * }
 * ```
 */
export async function* pages<L extends List>(
  list: L,
  args: ArgumentsOf<L>,
  options?: CallOptions,
): AsyncGenerator<PageOf<L>, void> {
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await list((cursor === undefined ? args : { ...(args as object), cursor }) as never, options);
    cursor = page.ok ? page.data.nextCursor : undefined;
    yield page as PageOf<L>;
  }
}
