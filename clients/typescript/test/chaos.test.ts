import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Client, createClient, type DrawingContent, memoryStorage, type Transport } from '../src/index.ts';
import { chaos, type Weather } from './support/chaos.ts';
import { Clock, seeded } from './support/clock.ts';
import { drawing } from './support/drawings.ts';
import { exchangeOf, MemoryService } from './support/memory-service.ts';

const calm: Weather = { lostRequests: 0, lostReplies: 0, silent: 0, delayMs: 10 };
const lossy: Weather = { lostRequests: 0.25, lostReplies: 0.25, silent: 0.3, delayMs: 7_000 };
const late: Weather = { lostRequests: 0.15, lostReplies: 0.15, silent: 0.3, delayMs: 40_000 };
/** How many courses of events; CHAOS_SEEDS for more. */
const seeds = Number(process.env['CHAOS_SEEDS'] ?? 15);

for (const [what, storm, removals] of [
  ['requests and replies are lost and overtake each other', lossy, 0.1],
  ['requests arrive long after they were given up', late, 0],
] as const) {
  test(`service and client end with the same drawings where ${what}`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { held, expected } = await weathered(storm, removals, seed);
      assert.deepEqual(held, expected, `seed ${seed}`);
    }
  });
}

// A creation that arrives after the drawing was deleted brings it back, to be in conflict with what is saved next.
// Nothing that was saved is lost.
test('what was saved last is at the service where deletions, too, arrive long after they were given up', async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const { held, expected } = await weathered(late, 0.1, seed, keepMine);
    for (const [id, content] of expected) assert.deepEqual(held.get(id), content, `seed ${seed}`);
  }
});

function keepMine({ drawings }: Client): void {
  drawings.subscribe(state => {
    if (state.status === 'conflict') drawings.resolve(state.id, state.mine);
  });
}

/** Draws, deletes and restarts through a storm, and tells what the service holds after it, and what it should. */
async function weathered(
  storm: Weather,
  removals: number,
  seed: number,
  started: (client: Client) => void = () => {},
): Promise<{ held: Map<string, DrawingContent>; expected: Map<string, DrawingContent> }> {
  const random = seeded(seed);
  const clock = new Clock();
  const service = new MemoryService();
  const storage = memoryStorage();
  const weather = { ...storm };
  const expected = new Map<string, DrawingContent>();
  /** What was deleted without being seen before. */
  const unseen = new Set<string>();
  let login = 0;
  const start = () => {
    // What a program that is killed has under way, ends with its connections.
    let alive = true;
    const connection: Transport = request => (alive ? service.transport(request) : exchangeOf(new Promise(() => {})));
    const transport = chaos(connection, weather, random, ms => clock.after(ms));
    const client = createClient({
      baseUrl: 'http://service',
      login: () => `xiaoming:${++login}`,
      storage: {
        ...storage,
        set: (key, value) => alive && storage.set(key, value),
        remove: key => alive && storage.remove(key),
      },
      random,
      timer: (ms, f) => clock.timer(ms, () => alive && f()),
      transport,
    });
    started(client);
    return { client, kill: () => (alive = false) };
  };

  let program = start();
  for (let step = 0; step < 40; step++) {
    const id = `d${Math.floor(random() * 4)}`;
    const { drawings }: Client = program.client;
    const chance = random();
    if (chance < 0.8 - removals) {
      // A program draws anew under this id only when the deletion is known to have arrived.
      if (unseen.has(id) && drawings.state(id)?.status === 'waiting') continue;
      const content = drawing(`${id}, step ${step}`);
      // After a restart a program opens what it goes on with.
      if (expected.has(id) && !drawings.state(id) && !(await drawings.open(id)).ok) continue;
      drawings.save(id, content);
      unseen.delete(id);
      expected.set(id, content);
    } else if (chance < 0.8) {
      if (!drawings.state(id)) unseen.add(id);
      drawings.remove(id);
      expected.delete(id);
    } else if (chance < 0.9) {
      program.kill();
      program = start();
    } else if (chance < 0.95) {
      service.tokens.clear();
    }
    if (random() < 0.5) await clock.after(random() * 30_000);
  }
  Object.assign(weather, calm);
  await clock.after(600_000);
  await program.client.drawings.flush();
  const { drawings } = program.client;
  assert.deepEqual(drawings.unsent(), [], `seed ${seed}`);
  program.kill();
  return { held: new Map(Array.from(service.drawings, ([id, { content }]) => [id, content])), expected };
}
