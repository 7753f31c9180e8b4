// What is done with each generated client: it logs in, saves two drawings, reads them on two pages, gets one and its
// picture, deletes both, and is told that they are gone. A program beside this file adapts the client of one generator.

/** A drawing as it is sent: the types of each generator must accept it. */
export type Content = {
  title: string;
  canvas: { width: number; height: number };
  format: 1;
  strokes: { tool: 'pen'; color: string; width: number; x: number[]; y: number[]; t: number[] }[];
};

/** The operations that are used. Each throws if the answer is another than that of success. */
export interface Client {
  /** Logs in; the requests after it are the user's. */
  logIn(code: string): Promise<void>;
  /** Creates a drawing. */
  put(id: string, content: Content): Promise<{ pointCount: number }>;
  /** A page of one drawing. */
  list(cursor?: string): Promise<{ items: { id: string }[]; nextCursor?: string | undefined }>;
  get(id: string): Promise<{ strokes: { t?: number[] | undefined }[] }>;
  /** The drawing as SVG. */
  image(id: string): Promise<string>;
  delete(id: string): Promise<void>;
  /** The problem with which `get` is refused. */
  refusal(id: string): Promise<{ code: string; status: number }>;
}

const { ONESTROKE_URL: url = '', ONESTROKE_CODE: code = '', ONESTROKE_GONE: gone = '' } = process.env;

/** Does it all, with a client of the service at a URL. */
export async function prove(make: (url: string) => Client): Promise<void> {
  const client = make(url);
  await client.logIn(code);

  const t = [0, 16, 34];
  const content: Content = {
    title: '一笔猫',
    canvas: { width: 3750, height: 6670 },
    format: 1,
    strokes: [{ tool: 'pen', color: '#666666', width: 50, x: [100, 110, 120], y: [200, 220, 230], t }],
  };
  const ids = [crypto.randomUUID(), crypto.randomUUID()];
  for (const id of ids) expect(3, (await client.put(id, content)).pointCount);

  const listed: string[] = [];
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const page = await client.list(cursor);
    listed.push(...page.items.map(item => item.id));
    cursor = page.nextCursor;
  }
  expect([...ids].sort(), listed.sort()); // in any order: both may be of one millisecond

  const [id = ''] = ids;
  expect([t], (await client.get(id)).strokes.map(stroke => stroke.t));
  expect('<svg', (await client.image(id)).slice(0, 4));

  for (const drawing of ids) await client.delete(drawing);
  const { code: refused, status } = await client.refusal(id);
  expect([gone, 404], [refused, status]);
}

function expect(wanted: unknown, is: unknown): void {
  const [one, other] = [wanted, is].map(value => JSON.stringify(value));
  if (one !== other) throw new Error(`${one} is expected, not ${other}`);
}
