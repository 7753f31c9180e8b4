import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, memoryStorage, type Storage, type Transport } from '../src/index.ts';
import { Clock, seeded } from './support/clock.ts';
import { drawing } from './support/drawings.ts';
import { exchangeOf, MemoryService } from './support/memory-service.ts';

/** How many courses of events; CHAOS_SEEDS for more. */
const seeds = Number(process.env['CHAOS_SEEDS'] ?? 15);

for (const removals of [false, true]) {
  test(`nothing is lost that three programs with one storage draw${removals ? ' and delete' : ''}`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const { lost, stuck } = await drawnTogether(seed, removals);
      assert.deepEqual({ lost, stuck }, { lost: [], stuck: [] }, `seed ${seed}`);
    }
  });
}

/** What happens to the requests of a program; with `losing`, they arrive, and the replies do not. */
type Network = 'on' | 'off' | 'losing';

/** What three programs share, and what the user did. */
interface World {
  service: MemoryService;
  storage: Storage;
  random: () => number;
  /** Everything that was drawn. Each drawing has a title of its own. */
  drawn: Set<string>;
  /** What the user replaced or deleted knowingly. */
  replaced: Set<string>;
}

/** A program, such as one of a browser's tabs, and what its user sees. */
class Program {
  readonly clock = new Clock();
  /** The titles that the user sees, by drawing. */
  readonly shown = new Map<string, string>();
  network: Network = 'on';
  readonly client;

  constructor(private readonly world: World) {
    this.client = createClient({
      baseUrl: 'http://service',
      login: () => 'xiaoming',
      storage: world.storage,
      random: world.random,
      timer: this.clock.timer,
      transport: this.transport,
    });
    for (const { id, content } of this.drawings.unsent()) if (content) this.shown.set(id, content.title!);
  }

  get drawings() {
    return this.client.drawings;
  }

  private readonly transport: Transport = request => {
    const { service, random } = this.world;
    const isDrawing = /drawings/.test(request.url);
    const travel = () => (random() < 0.7 ? this.clock.after(random() * 3_000) : Promise.resolve());
    const fail = (network: Network) => {
      if (isDrawing && this.network === network) throw new Error('connection reset');
    };
    const exchange = async () => {
      fail('off');
      await travel();
      const answer = service.answer(request);
      fail('losing');
      await travel();
      return answer;
    };
    return exchangeOf(exchange());
  };

  /** Draws over what the user sees. */
  draw(id: string): void {
    if (id === 'd1' || this.shown.has(id)) this.drawings.save(id, drawing(this.replace(id)));
  }

  /** Ends a conflict with a drawing of both. */
  resolve(id: string): void {
    const state = this.drawings.state(id);
    if (state?.status !== 'conflict') return;
    for (const content of [state.mine, state.theirs]) if (content) this.world.replaced.add(content.title!);
    this.drawings.resolve(id, drawing(this.replace(id)));
  }

  /** Gives the title of a drawing in the place of what the user sees. */
  private replace(id: string): string {
    const { drawn, replaced } = this.world;
    const title = `drawing ${drawn.size + 1}`;
    drawn.add(title);
    const before = this.shown.get(id);
    if (before) replaced.add(before);
    this.shown.set(id, title);
    return title;
  }

  async open(id: string): Promise<true> {
    const opened = await this.drawings.open(id);
    if (opened.ok) this.shown.set(id, opened.data.title!);
    return true;
  }

  /** Deletes a drawing, with all that was drawn so far. */
  remove(id: string): void {
    const { drawn, replaced } = this.world;
    for (const title of drawn) replaced.add(title);
    this.shown.delete(id);
    this.drawings.remove(id);
  }

  /** Ends the program, and what it has under way, and starts it again. */
  restarted(): Program {
    this.clock.stop();
    this.network = 'off';
    return new Program(this.world);
  }
}

/** Lets three programs draw, mostly on one drawing, and tells what is missing after that, and what waits for ever. */
async function drawnTogether(seed: number, removals: boolean): Promise<{ lost: string[]; stuck: string[] }> {
  const random = seeded(seed);
  const pick = <T>(items: T[]): T => items[Math.floor(random() * items.length)]!;
  const service = new MemoryService();
  const storage = memoryStorage();
  const world: World = { service, storage, random, drawn: new Set(), replaced: new Set() };
  const programs = [1, 2, 3].map(() => new Program(world));

  for (let step = 0; step < 100; step++) {
    const program = pick(programs);
    const id = pick(['d1', 'd1', ...program.drawings.unsent().map(({ id }) => id)]);
    const chance = random();
    if (chance < 0.45) program.draw(id);
    else if (chance < 0.55) program.resolve(id);
    else if (chance < 0.7) await soon(program.open(id), 60);
    else if (chance < 0.8) program.network = pick(['on', 'off', 'off', 'losing']);
    else if (chance < 0.9) void program.drawings.flush();
    else if (chance < 0.97) programs[programs.indexOf(program)] = program.restarted();
    else if (removals) program.remove(id);
    await turns(random() * 8);
  }

  const stuck: string[] = [];
  for (const program of programs) program.network = 'on';
  for (let round = 0; round < 6; round++) {
    for (const { drawings } of programs) {
      const flushed = drawings.flush().then(() => true);
      if (!(await soon(flushed, 400))) stuck.push('flush');
    }
  }
  await turns(20);

  const found = new Set(Object.values(service.titles()));
  const known = new Set<string>();
  for (const { id, content, state } of programs.flatMap(({ drawings }) => drawings.unsent())) {
    known.add(id);
    if (content) found.add(content.title);
    if (state.status !== 'conflict') stuck.push(`${id} ${state.status}`);
    else if (state.theirs) found.add(state.theirs.title);
  }
  for (const key of storage.keys()) {
    const [, id] = /^onestroke\.unsent\.(.*)/.exec(key) ?? [];
    if (id && !known.has(id)) stuck.push(`${id} only in storage`);
  }
  for (const { clock } of programs) clock.stop();
  const { drawn, replaced } = world;
  return { lost: Array.from(drawn).filter(title => !replaced.has(title) && !found.has(title)), stuck };
}

/** Lets everything go on for so many turns of the event loop. */
async function turns(count: number): Promise<void> {
  for (let turn = 1; turn <= count; turn++) await new Promise(setImmediate);
}

/** What the promise gives within so many turns of the event loop, otherwise undefined. */
async function soon<T>(promise: Promise<T>, count: number): Promise<T | undefined> {
  let given: T | undefined;
  void promise.then(value => (given = value));
  for (let turn = 1; turn <= count && !given; turn++) await turns(1);
  return given;
}
