import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import {
  createClient,
  type DrawingState,
  type HttpRequest,
  type HttpResponse,
  memoryStorage,
  type Storage,
} from '../src/index.ts';
import { Clock } from './support/clock.ts';
import { drawing } from './support/drawings.ts';
import { exchangeOf, MemoryService, problem } from './support/memory-service.ts';

const programs: Program[] = [];
afterEach(() => programs.splice(0).forEach(({ clock }) => clock.stop()));

/** A program with its network and its storage; the service and the storage outlive it. */
class Program {
  readonly clock = new Clock();
  readonly states: string[] = [];
  user = 'xiaoming';
  random = () => 0;
  /** What the network does with a request, in place of bringing it to the service. */
  network: ((request: HttpRequest, arrive: () => HttpResponse) => HttpResponse | Promise<HttpResponse>) | undefined;
  readonly client;

  constructor(
    readonly service = new MemoryService(),
    readonly storage: Storage = memoryStorage(),
  ) {
    this.client = createClient({
      baseUrl: 'http://service',
      login: () => this.user,
      storage,
      random: () => this.random(),
      timer: this.clock.timer,
      transport: request => {
        const arrive = () => service.answer(request);
        const { network } = this;
        return exchangeOf(Promise.resolve().then(() => (network ? network(request, arrive) : arrive())));
      },
    });
    programs.push(this);
    this.drawings.subscribe(state =>
      this.states.push(state.status + ('problem' in state && state.problem ? ' ' + state.problem.code : '')),
    );
  }

  get drawings() {
    return this.client.drawings;
  }

  /** What is in storage of unsent drawings. */
  get kept(): string[] {
    return this.storage.keys().filter(key => key.startsWith('onestroke.unsent.'));
  }

  get puts(): (string | undefined)[] {
    return this.service.sent('PUT', /drawings/).map(({ body }) => (JSON.parse(body!) as { title?: string }).title);
  }
}

const offline = () => Promise.reject(new Error('offline'));
const loseReply = (_: HttpRequest, arrive: () => HttpResponse) => {
  arrive();
  return Promise.reject(new Error('connection reset'));
};

/** Lets everything go on that needs no time. */
const rest = () => new Promise(setImmediate);

test('a saved drawing is in storage at once, and then at the service', async () => {
  const p = new Program();
  p.drawings.save('d1', drawing('cat'));
  assert.equal(p.kept.length, 1);
  assert.equal(p.drawings.state('d1')?.status, 'waiting');
  assert.deepEqual(p.drawings.unsent(), [
    { id: 'd1', content: drawing('cat'), state: { id: 'd1', status: 'waiting', problem: undefined } },
  ]);
  await p.drawings.flush();
  assert.deepEqual(p.service.titles(), { d1: 'cat' });
  assert.deepEqual(p.kept, []);
  assert.deepEqual(p.states, ['waiting', 'saved']);
  assert.deepEqual(p.drawings.unsent(), []);
});

test('what is changed after save is not what was saved', async () => {
  const p = new Program();
  const changing = drawing('cat');
  p.drawings.save('d1', changing);
  changing.title = 'dog';
  await p.drawings.flush();
  assert.deepEqual(p.service.titles(), { d1: 'cat' });
});

test('states that are overtaken while another is under way are not sent', async () => {
  const p = new Program();
  const later = ['2', '3', '4'];
  p.network = (request, arrive) => {
    if (request.method === 'PUT') for (const title of later.splice(0)) p.drawings.save('d1', drawing(title));
    return arrive();
  };
  p.drawings.save('d1', drawing('1'));
  await p.drawings.flush();
  assert.deepEqual(p.puts, ['1', '4']);
  assert.deepEqual(
    p.service.sent('PUT', /d1/).map(({ headers }) => headers['If-Match'] ?? headers['If-None-Match']),
    ['*', '"1"'],
  );
});

test('a failed connection is tried again, ever later, until it holds', async () => {
  const p = new Program();
  const at: number[] = [];
  p.network = request => {
    if (request.method === 'PUT') at.push(p.clock.now);
    if (at.length === 4) p.network = undefined;
    return request.method === 'PUT' ? offline() : p.service.answer(request);
  };
  p.drawings.save('d1', drawing('cat'));
  await new Promise<void>(resolve => p.drawings.subscribe(({ status }) => status === 'saved' && resolve()));
  assert.deepEqual(at, [0, 2000, 6000, 14_000]);
  assert.deepEqual(p.states.slice(0, 2), ['waiting', 'waiting NETWORK_FAILED']);
});

test('one drawing is tried without waiting for the others', async () => {
  const p = new Program();
  await p.client.getSession();
  p.network = (request, arrive) => (/d1/.test(request.url) ? new Promise(() => {}) : arrive());
  p.drawings.save('d1', drawing('stuck'));
  p.drawings.save('d2', drawing('cat'));
  await p.drawings.flush('d2');
  assert.deepEqual(p.service.titles(), { d2: 'cat' });
  assert.equal(p.drawings.state('d1')?.status, 'waiting');
});

test('unsent drawings survive a restart', async () => {
  const before = new Program();
  before.network = offline;
  before.drawings.save('d1', drawing('cat'));
  before.drawings.save('d2', drawing('dog'));
  before.drawings.remove('d2');
  await before.drawings.flush();
  const after = new Program(before.service, before.storage);
  assert.deepEqual(
    after.drawings.unsent().map(({ content }) => content?.title),
    ['cat'],
  );
  await after.drawings.flush();
  assert.deepEqual(before.service.titles(), { d1: 'cat' });
});

for (const restart of [false, true]) {
  test(`a lost reply is no conflict${restart ? ', after a restart either' : ''}`, async () => {
    let p = new Program();
    await p.client.getSession();
    p.network = loseReply;
    p.drawings.save('d1', drawing('1'));
    await p.drawings.flush();
    p.network = offline;
    p.drawings.save('d1', drawing('2')); // in ignorance of what became of 1
    await p.drawings.flush();
    if (restart) p = new Program(p.service, p.storage);
    p.network = undefined;
    await p.drawings.flush();
    assert.equal(p.drawings.state('d1')?.status, 'saved');
    assert.deepEqual(p.service.titles(), { d1: '2' });
  });
}

test('the service shows a drawing a little differently than it was sent: no conflict', async () => {
  const p = new Program();
  await p.client.getSession();
  const sent = drawing('', 3);
  delete sent.title;
  sent.strokes[0]!.t = [0, 30, 20];
  p.network = loseReply;
  p.drawings.save('d1', sent);
  await p.drawings.flush();
  p.network = undefined;
  p.service.write('d1', { ...sent, strokes: [{ ...sent.strokes[0]!, t: [0, 30, 30] }], title: '' }); // its true form, under another tag
  await p.drawings.flush();
  assert.equal(p.drawings.state('d1')?.status, 'saved');
});

test('an opened drawing is replaced, a made one created', async () => {
  const p = new Program();
  p.service.write('d1', drawing('theirs'));
  const opened = await p.drawings.open('d1');
  assert.deepEqual(opened.ok && opened.data, drawing('theirs'));
  p.drawings.save('d1', drawing('mine'));
  await p.drawings.flush();
  assert.deepEqual(p.service.titles(), { d1: 'mine' });
});

test('an opened drawing is what is unsent of it', async () => {
  const p = new Program();
  p.network = offline;
  p.drawings.save('d1', drawing('mine'));
  const opened = await p.drawings.open('d1');
  assert.deepEqual(opened.ok && opened.data, drawing('mine'));
  const unknown = await p.drawings.open('d2');
  assert.equal(unknown.ok || unknown.problem.code, 'NETWORK_FAILED');
});

for (const when of ['waits', 'has arrived']) {
  test(`an answer that is overtaken by a change does not count: the change ${when}`, async () => {
    const p = new Program();
    p.service.write('d1', drawing('first'));
    await p.drawings.open('d1');
    let late = () => {};
    const asked = new Promise<void>(resolve => {
      p.network = (request, arrive) => {
        if (request.method !== 'GET') return when === 'waits' ? offline() : arrive();
        const answer = arrive();
        p.network = when === 'waits' ? offline : undefined;
        resolve();
        return new Promise(resolve => (late = () => resolve(answer)));
      };
    });
    const opening = p.drawings.open('d1');
    await asked;
    p.drawings.save('d1', drawing('second'));
    await p.drawings.flush();
    late();
    const opened = await opening;
    assert.deepEqual(opened.ok && opened.data, drawing('second'));
    p.network = undefined;
    p.drawings.save('d1', drawing('third'));
    await p.drawings.flush();
    assert.equal(p.drawings.state('d1')?.status, 'saved');
    assert.deepEqual(p.service.titles(), { d1: 'third' });
  });
}

test('that there is no drawing does not count once it was saved', async () => {
  const p = new Program();
  let late = () => {};
  const asked = new Promise<void>(resolve => {
    p.network = (request, arrive) => {
      if (request.method !== 'GET') return arrive();
      const answer = arrive();
      p.network = undefined;
      resolve();
      return new Promise(resolve => (late = () => resolve(answer)));
    };
  });
  const opening = p.drawings.open('d1');
  await asked;
  p.drawings.save('d1', drawing('first'));
  await p.drawings.flush();
  late();
  const opened = await opening;
  assert.deepEqual(opened.ok && opened.data, drawing('first'));
});

test('what is drawn where a drawing was opened first replaces nothing that a late answer brings', async () => {
  const p = new Program();
  p.service.write('d1', drawing('first'));
  await p.client.getSession(); // logs in
  let late = () => {};
  p.network = (_, arrive) => {
    p.network = undefined;
    return new Promise(resolve => (late = () => resolve(arrive())));
  };
  const replay = p.drawings.open('d1');
  await rest();
  assert.ok((await p.drawings.open('d1')).ok);
  p.service.write('d1', drawing('theirs'));
  late();
  const replayed = await replay;
  assert.deepEqual(replayed.ok && replayed.data, drawing('theirs'));
  p.drawings.save('d1', drawing('second'));
  await p.drawings.flush();
  assert.equal(p.drawings.state('d1')?.status, 'conflict');
  assert.deepEqual(p.service.titles(), { d1: 'theirs' });
});

/** A program that opened d1, which another device then changed, or deleted. */
async function inConflict(theirs: string | null): Promise<Program> {
  const p = new Program();
  p.service.write('d1', drawing('first'));
  await p.drawings.open('d1');
  if (theirs === null) p.service.drawings.delete('d1');
  else p.service.write('d1', drawing(theirs));
  p.drawings.save('d1', drawing('mine'));
  await p.drawings.flush();
  return p;
}

for (const theirs of ['theirs', null]) {
  const title = theirs ?? 'deleted';
  test(`a conflict is handed over with both versions: ${title}`, async () => {
    const p = await inConflict(theirs);
    const state = p.drawings.state('d1') as DrawingState & { status: 'conflict' };
    assert.equal(state.status, 'conflict');
    assert.equal(state.mine?.title, 'mine');
    assert.equal(state.theirs?.title ?? null, theirs);
    assert.equal(p.kept.length, 1);
    const requests = p.service.requests.length;
    p.drawings.save('d1', drawing('mine, still'));
    await p.drawings.flush();
    assert.equal((p.drawings.state('d1') as typeof state).mine?.title, 'mine, still');
    assert.equal(p.service.requests.length, requests);
  });

  test(`a conflict is found again after a restart: ${title}`, async () => {
    const p = await inConflict(theirs);
    const again = new Program(p.service, p.storage);
    await again.drawings.flush();
    assert.equal(again.drawings.state('d1')?.status, 'conflict');
  });

  test(`a conflict is resolved with what the app decides: ${title}`, async () => {
    const p = await inConflict(theirs);
    p.drawings.resolve('d1', drawing('merged'));
    await p.drawings.flush();
    assert.deepEqual(p.service.titles(), { d1: 'merged' });
    assert.equal(p.drawings.state('d1')?.status, 'saved');
  });

  test(`a conflict ends where mine is given up: ${title}`, async () => {
    const p = await inConflict(theirs);
    p.drawings.discard('d1');
    assert.equal(p.drawings.state('d1')?.status, theirs ? 'saved' : 'deleted');
    assert.deepEqual(p.kept, []);
    p.drawings.save('d1', drawing('next'));
    await p.drawings.flush();
    assert.deepEqual(p.service.titles(), { d1: 'next' });
  });

  test(`a deletion here leaves a conflict open: ${title}`, async () => {
    const p = await inConflict(theirs);
    p.drawings.remove('d1');
    await p.drawings.flush();
    const state = p.drawings.state('d1');
    assert.ok(state?.status === 'conflict' && state.mine === null);
    assert.deepEqual(p.service.titles(), theirs ? { d1: theirs } : {});
    p.drawings.save('d1', drawing('mine, again'));
    assert.equal((p.drawings.state('d1') as typeof state).mine?.title, 'mine, again');
  });

  test(`a conflict ends where the drawing is deleted: ${title}`, async () => {
    const p = await inConflict(theirs);
    p.drawings.resolve('d1', null);
    await p.drawings.flush();
    assert.deepEqual(p.service.titles(), {});
    assert.equal(p.drawings.state('d1')?.status, 'deleted');
  });
}

test('a conflict is resolved whenever a listener does so', async () => {
  for (let turns = 0; turns < 12; turns++) {
    const p = new Program();
    p.service.write('d1', drawing('first'));
    await p.drawings.open('d1');
    p.service.write('d1', drawing('theirs'));
    p.drawings.subscribe(async ({ status }) => {
      if (status !== 'conflict') return;
      for (let turn = 0; turn < turns; turn++) await undefined;
      p.drawings.resolve('d1', drawing('merged'));
    });
    p.drawings.save('d1', drawing('mine'));
    await rest();
    assert.deepEqual(p.service.titles(), { d1: 'merged' }, `${turns} turns later`);
  }
});

test('two devices that drew the same are not in conflict', async () => {
  const p = await inConflict('mine');
  assert.equal(p.drawings.state('d1')?.status, 'saved');
});

test('an id that is taken is not overwritten unseen', async () => {
  const p = new Program();
  p.service.write('d1', drawing('theirs'));
  p.drawings.save('d1', drawing('mine'));
  await p.drawings.flush();
  assert.equal(p.drawings.state('d1')?.status, 'conflict');
  assert.deepEqual(p.service.titles(), { d1: 'theirs' });
});

test('a drawing deleted before it was sent never is', async () => {
  const p = new Program();
  p.drawings.save('d1', drawing('cat'));
  p.drawings.remove('d1');
  await p.drawings.flush();
  assert.deepEqual(p.service.requests, []);
  assert.deepEqual(p.states, ['waiting', 'deleted']);
});

test('a deletion waits for the network, and is undone by saving again', async () => {
  const p = new Program();
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  p.network = offline;
  p.drawings.remove('d1');
  const opened = await p.drawings.open('d1');
  assert.equal(opened.ok || opened.problem.code, 'DELETED');
  await p.drawings.flush();
  p.network = undefined;
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  assert.deepEqual(p.service.titles(), { d1: 'cat' });
});

for (const [what, network] of [
  ['sent', undefined],
  ['sent, its reply lost', loseReply],
] as const) {
  test(`a deletion that was ${what} is undone by saving again`, async () => {
    const p = new Program();
    p.drawings.save('d1', drawing('cat'));
    await p.drawings.flush();
    p.network = network;
    p.drawings.remove('d1');
    await p.drawings.flush();
    assert.deepEqual(p.service.titles(), {});
    p.network = undefined;
    p.drawings.save('d1', drawing('cat'));
    await p.drawings.flush();
    assert.deepEqual(p.service.titles(), { d1: 'cat' });
    assert.equal(p.drawings.state('d1')?.status, 'saved');
  });
}

test('a drawing deleted while the program logs in is not sent either', async () => {
  const p = new Program();
  p.network = (request, arrive) => {
    if (request.method === 'POST') p.drawings.remove('d1');
    return arrive();
  };
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  assert.deepEqual(p.service.sent('PUT', /d1/), []);
  assert.deepEqual(p.kept, []);
});

test('a deletion is of the drawing as it was last seen', async () => {
  const p = new Program();
  const etag = p.service.write('d1', drawing('cat'));
  await p.drawings.open('d1');
  p.drawings.remove('d1');
  await p.drawings.flush();
  assert.deepEqual(
    p.service.sent('DELETE', /d1/).map(({ headers }) => headers['If-Match']),
    [etag],
  );
  assert.deepEqual(p.service.titles(), {});
});

test('a deletion of a drawing that was not seen is of what is there when it is sent', async () => {
  const p = new Program();
  const etag = p.service.write('d1', drawing('cat'));
  p.drawings.remove('d1');
  p.drawings.remove('d2');
  await p.drawings.flush();
  assert.deepEqual(
    p.service.sent('DELETE', /d/).map(({ headers }) => headers['If-Match']),
    [etag],
  );
  assert.deepEqual([p.drawings.state('d1')?.status, p.drawings.state('d2')?.status], ['deleted', 'deleted']);
});

test('a deletion of a drawing that was not seen is undone without replacing what another device drew', async () => {
  const p = new Program();
  await p.client.getSession();
  p.service.write('d1', drawing('listed'));
  p.network = offline;
  p.drawings.remove('d1');
  p.drawings.save('d1', drawing('listed'));
  await p.drawings.flush();
  p.service.write('d1', drawing('theirs'));
  p.network = undefined;
  await p.drawings.flush();
  assert.deepEqual(p.service.titles(), { d1: 'theirs' });
  assert.equal(p.drawings.state('d1')?.status, 'conflict');
});

test('a deletion that arrives late deletes nothing that was saved since', async () => {
  const p = new Program();
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  let arriveLate = () => {};
  p.network = (request, arrive) => {
    if (request.method !== 'DELETE') return arrive();
    arriveLate = arrive;
    return offline();
  };
  p.drawings.remove('d1');
  await p.drawings.flush();
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  arriveLate();
  assert.equal(p.service.sent('DELETE', /d1/).length, 1);
  assert.deepEqual(p.service.titles(), { d1: 'cat' });
});

const ends: [string, (p: Program) => void, Record<string, string>, DrawingState['status']][] = [
  ['deleting it still', p => p.drawings.resolve('d1', null), {}, 'deleted'],
  ['letting it be', p => p.drawings.discard('d1'), { d1: 'theirs' }, 'saved'],
  ['a drawing of both', p => p.drawings.resolve('d1', drawing('merged')), { d1: 'merged' }, 'saved'],
  ['nothing but more drawing', p => p.drawings.save('d1', drawing('more')), { d1: 'theirs' }, 'conflict'],
];
for (const [what, end, titles, status] of ends) {
  test(`a deletion of what another device changed since is a conflict, and ends with ${what}`, async () => {
    const p = new Program();
    p.service.write('d1', drawing('first'));
    await p.drawings.open('d1');
    p.service.write('d1', drawing('theirs'));
    p.drawings.remove('d1');
    await p.drawings.flush();
    const state = p.drawings.state('d1');
    assert.ok(state?.status === 'conflict');
    assert.deepEqual([state.mine, state.theirs?.title], [null, 'theirs']);
    end(p);
    await p.drawings.flush();
    assert.deepEqual(p.service.titles(), titles);
    assert.equal(p.drawings.state('d1')?.status, status);
  });
}

test('a change that overtakes a refused one is sent', async () => {
  const p = new Program();
  await p.client.getSession();
  p.network = () => {
    p.network = undefined;
    p.drawings.save('d1', drawing('smaller'));
    return problem(413, 'ERR_TOO_LARGE');
  };
  p.drawings.save('d1', drawing('large'));
  await p.drawings.flush();
  assert.deepEqual(p.service.titles(), { d1: 'smaller' });
  assert.equal(p.drawings.state('d1')?.status, 'saved');
});

for (const when of ['at once', 'a little later']) {
  test(`what a listener saves in place of a refused drawing is sent: ${when}`, async () => {
    const p = new Program();
    await p.client.getSession();
    p.network = () => problem(413, 'ERR_TOO_LARGE');
    p.drawings.subscribe(async ({ status }) => {
      if (status !== 'refused') return;
      p.network = undefined;
      if (when !== 'at once') await undefined;
      p.drawings.save('d1', drawing('smaller'));
    });
    p.drawings.save('d1', drawing('large'));
    await rest();
    assert.deepEqual(p.service.titles(), { d1: 'smaller' });
  });
}

test('an incomplete drawing is replaced when the user wants that, also after a restart', async () => {
  const storage = memoryStorage();
  const service = new MemoryService();
  const incomplete: NonNullable<Program['network']> = (request, arrive) =>
    request.method === 'PUT' && !request.url.endsWith('?replaceIncomplete=true')
      ? problem(428, 'ERR_PRECONDITION_REQUIRED')
      : arrive();
  service.write('d1', drawing('of 2017'));
  const first = new Program(service, storage);
  first.network = incomplete;
  await first.drawings.open('d1');
  first.drawings.save('d1', drawing('mine'));
  await first.drawings.flush();
  assert.deepEqual(first.states, ['waiting', 'refused ERR_PRECONDITION_REQUIRED']);
  assert.deepEqual(service.titles(), { d1: 'of 2017' });
  first.network = () => Promise.reject(new Error('no network'));
  first.drawings.replaceIncomplete('d1');
  await first.drawings.flush();
  assert.deepEqual(service.titles(), { d1: 'of 2017' });

  const second = new Program(service, storage);
  second.network = incomplete;
  await second.drawings.flush();
  assert.deepEqual(service.titles(), { d1: 'mine' });
  assert.equal(second.drawings.state('d1')?.status, 'saved');
  assert.deepEqual(
    storage.keys().filter(key => key.startsWith('onestroke.unsent.')),
    [],
  );
});

for (const [what, changed] of [
  ['that a proxy weakened', (tag: string) => 'W/' + tag],
  ['of a compressed answer', (tag: string) => tag.replace(/"$/, '.gzip"')],
] as const) {
  test(`an entity tag ${what} still names the drawing`, async () => {
    const p = new Program();
    p.network = (_, arrive) => {
      const answer = arrive();
      const tag = answer.headers['Etag'];
      return { ...answer, headers: { ...answer.headers, ...(tag ? { Etag: changed(tag) } : {}) } };
    };
    for (const title of ['1', '2']) {
      p.drawings.save('d1', drawing(title));
      await p.drawings.flush();
    }
    p.drawings.remove('d1');
    await p.drawings.flush();
    assert.deepEqual(p.states, ['waiting', 'saved', 'waiting', 'saved', 'waiting', 'deleted']);
  });
}

for (const [what, network] of [
  [
    'refuses the entity tag that it gives',
    (_: HttpRequest, arrive: () => HttpResponse) => {
      const answer = arrive();
      const tag = answer.headers['Etag'];
      return { ...answer, headers: { ...answer.headers, ...(tag ? { Etag: tag.replace(/"$/, '-zstd"') } : {}) } };
    },
  ],
  [
    'has no drawing and refuses a new one',
    ({ method }: HttpRequest, arrive: () => HttpResponse) =>
      method === 'PUT' ? problem(412, 'ERR_PRECONDITION_FAILED') : arrive(),
  ],
] as const) {
  test(`a service that ${what} is not asked again without a pause`, async () => {
    const p = new Program();
    let asked = 0;
    p.network = (request, arrive) => (++asked > 100 ? new Promise(() => {}) : network(request, arrive));
    for (const title of ['1', '2']) {
      p.drawings.save('d1', drawing(title));
      await rest();
    }
    assert.ok(p.states.includes('waiting BAD_ANSWER'));
  });
}

test('a drawing whose entity tag is lost on the way waits', async () => {
  const p = new Program();
  p.service.write('d1', drawing('theirs'));
  p.network = (_, arrive) => ({ ...arrive(), headers: { 'Content-Type': 'application/json' } });
  p.drawings.remove('d1');
  await p.drawings.flush();
  assert.deepEqual(p.states, ['waiting', 'waiting BAD_ANSWER']);
});

for (const [status, code] of [
  [400, 'ERR_INVALID_REQUEST'],
  [413, 'ERR_TOO_LARGE'],
] as const) {
  test(`what the service refuses with ${code} is not sent again until it is changed`, async () => {
    const p = new Program();
    await p.client.getSession();
    p.network = () => problem(status, code);
    p.drawings.save('d1', drawing('cat'));
    await p.drawings.flush();
    assert.deepEqual(p.states, ['waiting', `refused ${code}`]);
    p.network = undefined;
    await p.drawings.flush();
    assert.equal(p.kept.length, 1);
    assert.deepEqual(p.service.titles(), {});
    p.drawings.save('d1', drawing('smaller'));
    await p.drawings.flush();
    assert.deepEqual(p.service.titles(), { d1: 'smaller' });
  });
}

for (const code of ['ERR_QUOTA_EXCEEDED', 'ERR_SUSPENDED']) {
  test(`what the service refuses with ${code} is sent again by flush`, async () => {
    const p = new Program();
    await p.client.getSession();
    p.network = () => problem(403, code);
    p.drawings.save('d1', drawing('cat'));
    await p.drawings.flush();
    await p.drawings.flush();
    assert.deepEqual(p.states, ['waiting', `refused ${code}`, 'waiting', `refused ${code}`]);
    p.network = undefined;
    await p.drawings.flush('d1');
    assert.deepEqual(p.service.titles(), { d1: 'cat' });
  });
}

test('a deletion makes room for a drawing that was refused for the quota', async () => {
  const p = new Program();
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  p.network = (request, arrive) =>
    request.method === 'PUT' && p.service.drawings.size ? problem(403, 'ERR_QUOTA_EXCEEDED') : arrive();
  p.drawings.save('d2', drawing('dog'));
  await p.drawings.flush();
  assert.equal(p.drawings.state('d2')?.status, 'refused');
  const saved = new Promise<void>(resolve => p.drawings.subscribe(({ status }) => status === 'saved' && resolve()));
  p.drawings.remove('d1');
  await saved;
  assert.deepEqual(p.service.titles(), { d2: 'dog' });
});

test('a deletion makes room for a drawing that is refused for the quota meanwhile', async () => {
  const p = new Program();
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  let refuse = () => {};
  const asked = new Promise<void>(resolve => {
    p.network = (request, arrive) => {
      if (request.method !== 'PUT') return arrive();
      p.network = undefined;
      resolve();
      return new Promise(resolve => (refuse = () => resolve(problem(403, 'ERR_QUOTA_EXCEEDED'))));
    };
  });
  p.drawings.save('d2', drawing('dog'));
  await asked;
  p.drawings.remove('d1');
  await p.drawings.flush('d1');
  refuse();
  await p.drawings.flush('d2');
  assert.deepEqual(p.service.titles(), { d2: 'dog' });
  assert.deepEqual(p.kept, []);
});

test('Retry-After holds for the outbox, however long', async () => {
  const p = new Program();
  await p.client.getSession();
  p.network = () => {
    p.network = undefined;
    return problem(503, 'ERR_UNAVAILABLE', { 'Retry-After': '600' });
  };
  p.drawings.save('d1', drawing('cat'));
  await new Promise<void>(resolve => p.drawings.subscribe(({ status }) => status === 'saved' && resolve()));
  assert.equal(p.clock.now, 602_000);
});

test('the largest drawing that the service takes is stored under one key', async () => {
  const p = new Program();
  p.network = offline;
  const large = drawing('大'.repeat(80));
  while (JSON.stringify(large).length < 500 * 1024) large.strokes.push(drawing('', 4000).strokes[0]!);
  p.drawings.save('d1', large);
  const [key] = p.kept;
  assert.ok(Buffer.byteLength(p.storage.get(key!)!) < 1_000_000);
});

test('a drawing for which storage has no room is kept in memory and sent', async () => {
  const full: Storage = {
    ...memoryStorage(),
    set() {
      throw new Error('quota exceeded');
    },
  };
  const p = new Program(new MemoryService(), full);
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  assert.deepEqual(p.states, ['waiting NOT_STORED', 'saved']);
  assert.deepEqual(p.service.titles(), { d1: 'cat' });
});

/** A storage for so many characters of unsent drawings. */
function smallStorage(room: { left: number }): Storage {
  const storage = memoryStorage();
  return {
    ...storage,
    set(key, value) {
      if (key.startsWith('onestroke.unsent.') && value.length > room.left) throw new Error('quota exceeded');
      storage.set(key, value);
    },
  };
}

test('that storage has no room is said until the drawing is sent', async () => {
  const p = new Program(new MemoryService(), smallStorage({ left: 0 }));
  await p.client.getSession();
  p.network = offline;
  p.drawings.save('d1', drawing('cat'));
  await p.drawings.flush();
  assert.deepEqual(p.states, ['waiting NOT_STORED', 'waiting NOT_STORED']);
  p.network = undefined;
  await p.drawings.flush();
  assert.deepEqual(p.states.slice(2), ['saved']);
});

test('that storage has no room is said no more once there is', async () => {
  const room = { left: 0 };
  const p = new Program(new MemoryService(), smallStorage(room));
  await p.client.getSession();
  p.network = offline;
  p.drawings.save('d1', drawing('cat'));
  room.left = Infinity;
  await p.drawings.flush();
  assert.deepEqual(p.states, ['waiting NOT_STORED', 'waiting NETWORK_FAILED']);
  assert.equal(p.kept.length, 1);
});

test('a state for which storage has no room leaves the one before', async () => {
  for (const large of [false, true]) {
    const room = { left: Infinity };
    const p = new Program(new MemoryService(), smallStorage(room));
    p.network = offline;
    p.drawings.save('d1', drawing('small'));
    await p.drawings.flush();
    if (!large) room.left = 0;
    const strokes = Array.from({ length: 20 }, () => drawing('', 5000).strokes[0]!); // more than 1 MB
    p.drawings.save('d1', large ? { ...drawing('large'), strokes } : drawing('large'));
    await p.drawings.flush();
    const after = new Program(p.service, p.storage);
    assert.deepEqual(
      after.drawings.unsent().map(({ content }) => content?.title),
      ['small'],
    );
    await after.drawings.flush();
    assert.deepEqual(p.service.titles(), { d1: 'small' });
    assert.deepEqual(p.kept, []);
  }
});

test('what is stored stays where there is no room for a note about a try', async () => {
  const room = { left: Infinity };
  const p = new Program(new MemoryService(), smallStorage(room));
  await p.client.getSession();
  p.network = offline;
  p.drawings.save('d1', drawing('cat'));
  room.left = 0;
  await p.drawings.flush();
  assert.deepEqual(p.states, ['waiting', 'waiting NETWORK_FAILED']);
  assert.equal(p.kept.length, 1);
});

/** Two programs with one storage, as two tabs have it. The first drew d1 without a network before the second began. */
async function twoPrograms(): Promise<{ first: Program; second: Program }> {
  const first = new Program();
  await first.client.getSession();
  first.network = offline;
  first.drawings.save('d1', drawing('1'));
  await first.drawings.flush();
  const second = new Program(first.service, first.storage);
  second.network = offline;
  await second.drawings.flush();
  return { first, second };
}

test('a program sends what another with its storage changed last', async () => {
  const { first, second } = await twoPrograms();
  first.drawings.save('d1', drawing('2')); // and is closed
  second.network = undefined;
  await second.drawings.flush();
  assert.deepEqual(second.service.titles(), { d1: '2' });
  assert.deepEqual(second.kept, []);
});

test('a program finds what another with its storage left unsent', async () => {
  const { first, second } = await twoPrograms();
  first.drawings.save('d2', drawing('dog')); // and is closed
  second.network = undefined;
  await second.drawings.flush();
  assert.deepEqual(second.service.titles(), { d1: '1', d2: 'dog' });
});

test('what another program with this storage has sent is in no conflict', async () => {
  const { first, second } = await twoPrograms();
  first.network = undefined;
  first.drawings.save('d1', drawing('2'));
  await first.drawings.flush();
  second.network = undefined;
  await second.drawings.flush();
  assert.equal(second.drawings.state('d1')?.status, 'saved');
  assert.deepEqual(second.service.titles(), { d1: '2' });
  await second.drawings.open('d1');
  second.drawings.save('d1', drawing('3'));
  await second.drawings.flush();
  assert.deepEqual(second.service.titles(), { d1: '3' });
});

test('what another program with this storage has deleted stays deleted', async () => {
  const { first, second } = await twoPrograms();
  first.network = undefined;
  await first.drawings.flush();
  first.drawings.remove('d1');
  await first.drawings.flush();
  second.network = undefined;
  await second.drawings.flush();
  assert.equal(second.drawings.state('d1')?.status, 'deleted');
  assert.deepEqual(second.service.titles(), {});
});

test('a deletion that another program with this storage has sent is not sent again', async () => {
  const first = new Program();
  first.service.write('d1', drawing('1'));
  await first.client.getSession();
  first.network = offline;
  first.drawings.remove('d1');
  await first.drawings.flush();
  const second = new Program(first.service, first.storage);
  await second.drawings.flush();
  assert.deepEqual(first.service.titles(), {});
  second.drawings.save('d1', drawing('1, restored'));
  await second.drawings.flush();
  first.network = undefined;
  await first.drawings.flush();
  assert.deepEqual(first.service.titles(), { d1: '1, restored' });
});

test('a program goes on with what another with its storage has sent', async () => {
  for (const meanwhile of [true, false]) {
    const { first, second } = await twoPrograms();
    second.network = (request, arrive) => {
      const answer = arrive();
      if (request.method === 'PUT' && meanwhile) first.drawings.save('d1', drawing('2'));
      return answer;
    };
    await second.drawings.flush();
    if (!meanwhile) first.drawings.save('d1', drawing('2'));
    await first.drawings.flush();
    assert.equal(first.kept.length, 1);
    first.network = undefined;
    await first.drawings.flush();
    assert.equal(first.drawings.state('d1')?.status, 'saved');
    assert.deepEqual(first.service.titles(), { d1: '2' });
    assert.deepEqual(first.kept, []);
  }
});

test('two programs with one storage that draw on the same drawing are in conflict', async () => {
  const { first, second } = await twoPrograms();
  second.drawings.save('d1', drawing('second'));
  await second.drawings.flush();
  first.drawings.save('d1', drawing('first'));
  await first.drawings.flush();
  second.network = undefined;
  await second.drawings.flush();
  assert.equal(first.kept.length, 1);
  first.network = undefined;
  await first.drawings.flush();
  const state = first.drawings.state('d1');
  assert.ok(state?.status === 'conflict');
  assert.deepEqual([state.mine?.title, state.theirs?.title], ['first', 'second']);
});

/** Holds the next answer to a request with this method. The others go to `network`. */
function holdNext(p: Program, method: string, network: Program['network']) {
  let answer = () => {};
  const arrived = new Promise<void>(resolve => {
    p.network = (request, arrive) => {
      if (request.method !== method) return network ? network(request, arrive) : arrive();
      p.network = network;
      const reply = arrive();
      resolve();
      return new Promise(resolve => (answer = () => resolve(reply)));
    };
  });
  return { arrived, answer: () => answer() };
}

/** Two programs that opened a drawing which the service has; then `first` draws, without a network. */
async function twoThatOpened(storage?: Storage) {
  const first = new Program(undefined, storage);
  first.service.write('d1', drawing('1'));
  const second = new Program(first.service, first.storage);
  for (const { drawings } of [first, second]) await drawings.open('d1');
  first.network = offline;
  first.drawings.save('d1', drawing('first'));
  await first.drawings.flush();
  return { first, second };
}

test('what another program changed before it sent it is not overwritten unseen', async () => {
  const { first, second } = await twoPrograms();
  first.network = second.network = undefined;
  first.drawings.save('d1', drawing('2'));
  await first.drawings.flush();
  await second.drawings.flush();
  second.drawings.save('d1', drawing('3'));
  await second.drawings.flush();
  assert.equal(second.drawings.state('d1')?.status, 'conflict');
  assert.deepEqual(second.service.titles(), { d1: '2' });
});

for (const sender of ['its author', 'another program'])
  test(`what another program has drawn since is not overwritten unseen, sent by ${sender}`, async () => {
    const { first, second } = await twoThatOpened();
    first.network = undefined;
    await (sender === 'its author' ? first : second).drawings.flush();
    assert.deepEqual(second.service.titles(), { d1: 'first' });
    await second.drawings.flush();
    second.drawings.save('d1', drawing('second'));
    await second.drawings.flush();
    const state = second.drawings.state('d1');
    assert.ok(state?.status === 'conflict');
    assert.deepEqual([state.mine?.title, state.theirs?.title], ['second', 'first']);
  });

test('what another program drew is not overwritten while it is being sent from here, too', async () => {
  const { first, second } = await twoThatOpened();
  const put = holdNext(second, 'PUT', undefined);
  const flushed = second.drawings.flush();
  await put.arrived;
  first.network = undefined;
  await first.drawings.flush();
  second.drawings.save('d1', drawing('second'));
  put.answer();
  await flushed;
  await second.drawings.flush();
  assert.deepEqual(second.service.titles(), { d1: 'first' });
  assert.equal(second.drawings.state('d1')?.status, 'conflict');
});

test('what another program draws while the service is asked stays in storage', async () => {
  const { first, second } = await twoThatOpened();
  second.network = offline;
  await second.drawings.flush();
  first.network = undefined;
  await first.drawings.flush();
  const get = holdNext(second, 'GET', offline);
  const flushed = second.drawings.flush();
  await get.arrived;
  first.network = offline;
  first.drawings.save('d1', drawing('first, more'));
  await second.drawings.open('d1');
  get.answer();
  await flushed;
  assert.equal(first.kept.length, 1);
  assert.equal(second.drawings.state('d1')?.status, 'waiting');
});

for (const found of [false, true])
  test(`what another program left unsent is kept beside what is drawn here${found ? ', also once it is found' : ''}`, async () => {
    const { second } = await twoThatOpened(); // the first is closed
    second.network = offline;
    if (found) await second.drawings.flush();
    second.drawings.save('d1', drawing('second'));
    second.drawings.save('d1', drawing('second, more'));
    assert.deepEqual(
      second.drawings
        .unsent()
        .map(({ content }) => content?.title)
        .sort(),
      ['first', 'second, more'],
    );
    second.network = undefined;
    await second.drawings.flush();
    assert.deepEqual(Object.values(second.service.titles()).sort(), ['first', 'second, more']);
    assert.equal(second.service.titles()['d1'], 'second, more');
    assert.deepEqual(second.kept, []);
  });

test('what two programs draw by turns is kept once', async () => {
  const { first, second } = await twoThatOpened();
  first.random = second.random = Math.random;
  second.network = offline;
  for (let turn = 0; turn < 3; turn++) {
    second.drawings.save('d1', drawing('second'));
    first.drawings.save('d1', drawing('first'));
  }
  await second.drawings.flush();
  await first.drawings.flush();
  assert.equal(first.kept.length, 3);
  first.network = undefined;
  await first.drawings.flush();
  assert.deepEqual(Object.values(first.service.titles()).sort(), ['first', 'first', 'second']);
  assert.deepEqual(first.kept, []);
});

for (const [what, change, others] of [
  ['deleted', (p: Program, id: string) => p.drawings.remove(id), []],
  ['deleted after a try', (p: Program, id: string) => p.drawings.flush().then(() => p.drawings.remove(id)), []],
  ['changed', (p: Program, id: string) => p.drawings.save(id, drawing('edited')), ['edited']],
] as const)
  test(`what was kept and then ${what} is kept again`, async () => {
    const { first, second } = await twoThatOpened();
    second.network = offline;
    second.drawings.save('d1', drawing('second'));
    const copy = second.drawings.unsent().find(({ content }) => content?.title === 'first');
    await change(second, copy!.id);
    first.drawings.save('d1', drawing('first'));
    second.drawings.save('d1', drawing('second, more'));
    second.network = undefined;
    await second.drawings.flush();
    assert.deepEqual(Object.values(second.service.titles()).sort(), [...others, 'first', 'second', 'second, more']);
  });

test('what another program drew stays in storage if there is no room for it beside what is drawn here', async () => {
  const room = { left: Infinity };
  const { first, second } = await twoThatOpened(smallStorage(room));
  second.network = offline;
  room.left = 0;
  second.drawings.save('d1', drawing('second'));
  room.left = 400; // enough for a change, as it replaces one
  second.drawings.save('d1', drawing('second, more'));
  assert.equal(second.states.at(-1), 'waiting NOT_STORED');
  const after = new Program(first.service, first.storage);
  assert.deepEqual(
    after.drawings.unsent().map(({ content }) => content?.title),
    ['first'],
  );
});

for (const restarted of [false, true])
  test(`a conflict is resolved also when another program has drawn since${restarted ? ', after a restart' : ''}`, async () => {
    const { first } = await twoThatOpened();
    await first.drawings.flush();
    first.service.write('d1', drawing('theirs'));
    const here = restarted ? new Program(first.service, first.storage) : first;
    here.network = undefined;
    await here.drawings.flush();
    assert.equal(here.drawings.state('d1')?.status, 'conflict');
    const other = new Program(first.service, first.storage);
    other.network = offline;
    other.drawings.save('d1', drawing('other'));
    here.drawings.resolve('d1', drawing('merged'));
    await here.drawings.flush();
    assert.equal(here.drawings.state('d1')?.status, 'saved');
    assert.deepEqual(Object.values(here.service.titles()).sort(), ['merged', 'other']);
  });

// A browser shows another tab for a moment what this one has removed from storage.
test('what another program has sent is not sent again where storage still has it', async () => {
  const { first, second } = await twoThatOpened();
  const [key] = first.kept;
  const value = first.storage.get(key!)!;
  first.network = undefined;
  await first.drawings.flush();
  first.storage.set(key!, value);
  const opened = await second.drawings.open('d1');
  assert.equal(opened.ok && opened.data.title, 'first');
  assert.deepEqual(second.drawings.unsent(), []);
  await rest();
  first.storage.remove(key!);
  first.drawings.save('d1', drawing('first, more'));
  await first.drawings.flush();
  assert.deepEqual(first.puts, ['first', 'first, more']);
  assert.deepEqual(first.service.titles(), { d1: 'first, more' });
});

test('what is opened is what another program drew last, and is then replaced', async () => {
  const { first, second } = await twoThatOpened();
  second.network = offline;
  await second.drawings.flush();
  first.drawings.save('d1', drawing('first, more'));
  const opened = await second.drawings.open('d1');
  assert.equal(opened.ok && opened.data.title, 'first, more');
  second.drawings.save('d1', drawing('second'));
  second.network = undefined;
  await second.drawings.flush();
  assert.deepEqual(second.service.titles(), { d1: 'second' });
});

test('what is opened is sent also after a refusal of what was there before', async () => {
  const { first, second } = await twoThatOpened();
  second.network = (request, arrive) => (request.method === 'PUT' ? problem(413, 'ERR_TOO_LARGE') : arrive());
  await second.drawings.flush();
  assert.equal(second.drawings.state('d1')?.status, 'refused');
  second.network = undefined;
  first.drawings.save('d1', drawing('smaller')); // and is closed
  const opened = await second.drawings.open('d1');
  assert.equal(opened.ok && opened.data.title, 'smaller');
  await rest();
  assert.deepEqual(second.service.titles(), { d1: 'smaller' });
});

test('what was opened of another program replaces only what that one replaced', async () => {
  const first = new Program();
  first.service.write('d1', drawing('1'));
  const second = new Program(first.service, first.storage);
  for (const { drawings } of [first, second]) await drawings.open('d1');
  second.drawings.save('d1', drawing('2'));
  await second.drawings.flush();
  first.network = second.network = offline;
  first.drawings.save('d1', drawing('first'));
  await second.drawings.flush();
  await second.drawings.open('d1');
  first.drawings.save('d1', drawing('first, more'));
  second.drawings.save('d1', drawing('second'));
  second.network = undefined;
  await second.drawings.flush();
  const state = second.drawings.state('d1');
  assert.ok(state?.status === 'conflict');
  assert.equal(state.theirs?.title, '2');
});

test('what is opened is what another program has sent', async () => {
  const { first, second } = await twoThatOpened();
  second.network = offline;
  await second.drawings.flush();
  first.network = undefined;
  await first.drawings.flush();
  second.network = undefined;
  first.service.write('d1', drawing('third'));
  const opened = await second.drawings.open('d1');
  assert.equal(opened.ok && opened.data.title, 'third');
  second.drawings.save('d1', drawing('second'));
  await second.drawings.flush();
  assert.deepEqual(second.service.titles(), { d1: 'second' });
});

test('a deletion keeps nothing of what another program drew', async () => {
  const { second } = await twoThatOpened();
  second.drawings.remove('d1');
  await second.drawings.flush();
  assert.deepEqual(second.service.titles(), {});
  assert.deepEqual(second.kept, []);
});

test('the deletion of an account sends nothing of another user, and logs nobody in', async () => {
  const p = new Program();
  p.network = (request, arrive) =>
    /PUT.*d1/.test(request.method + request.url) ? problem(403, 'ERR_QUOTA_EXCEEDED') : arrive();
  p.drawings.save('d1', drawing('of xiaoming'));
  await p.drawings.flush();
  assert.equal(p.drawings.state('d1')?.status, 'refused');
  await p.client.logOut();
  p.user = 'xiaohong';
  await p.client.logIn({ body: { code: 'xiaohong' } });
  p.drawings.save('d2', drawing('of xiaohong'));
  await p.drawings.flush();
  const requests = p.service.requests.length;
  await p.client.deleteAccount();
  await rest();
  assert.deepEqual(
    p.service.requests.slice(requests).map(({ method, url }) => method + url.replace(/.*v1/, ' ')),
    ['DELETE /account'],
  );
});

/** Logs another user in, from whom only what is drawn does not arrive. */
async function switchUser(p: Program, user: string): Promise<void> {
  await p.client.logOut();
  p.user = user;
  p.network = (request, arrive) => (request.method === 'PUT' ? offline() : arrive());
  await p.client.logIn({ body: { code: user } });
}

for (const where of ['here', 'in another program'])
  test(`the deletion of an account leaves what another user drew ${where} unsent`, async () => {
    const p = new Program();
    p.drawings.save('d1', drawing('1'));
    await p.drawings.flush();
    const author = where === 'here' ? p : new Program(p.service, p.storage);
    await author.drawings.open('d1');
    author.network = (request, arrive) => (request.method === 'PUT' ? offline() : arrive());
    author.drawings.save('d1', drawing('2'));
    await author.drawings.flush();
    await switchUser(p, 'xiaohong');
    await p.client.deleteAccount();
    assert.equal(p.kept.length, 1);
  });

const onHidden: [string, (p: Program) => void][] = [
  ['a deletion', p => p.drawings.remove('d1')],
  ['discarding', p => p.drawings.discard('d1')],
  ['a resolution', p => p.drawings.resolve('d1', null)],
  ['saving the same', p => [1, 2, 3].forEach(() => p.drawings.save('d1', drawing('cat')))],
];
for (const [what, act] of onHidden)
  for (const tried of [false, true])
    test(`what another user drew stays after ${what}${tried ? ', also once it was tried' : ''}`, async () => {
      const p = new Program();
      await p.client.getSession();
      p.network = offline;
      p.drawings.save('d1', drawing('cat'));
      if (tried) await p.drawings.flush();
      await switchUser(p, 'xiaohong');
      act(p);
      await rest();
      await switchUser(p, 'xiaoming');
      assert.deepEqual(
        p.drawings.unsent().map(({ content }) => content?.title),
        ['cat'],
      );
      if (what === 'saving the same') assert.equal(p.kept.length, 2); // one for each user
    });

for (const user of [undefined, 'xiaohong'])
  test(`an answer after the logout leads to no request${user ? ' of another user' : ''}`, async () => {
    const p = new Program();
    p.service.write('d1', drawing('first'));
    await p.drawings.open('d1');
    p.service.write('d1', drawing('theirs'));
    const put = holdNext(p, 'PUT', undefined);
    p.drawings.save('d1', drawing('mine'));
    await put.arrived;
    if (user) await switchUser(p, user);
    else await p.client.logOut();
    const requests = p.service.requests.length;
    put.answer();
    await rest();
    assert.deepEqual(p.service.requests.slice(requests), []);
  });

test('what is no drawing in storage is left alone', async () => {
  const storage = memoryStorage();
  storage.set('onestroke.unsent.d1', 'not JSON');
  storage.set('theirs', 'value');
  const p = new Program(new MemoryService(), storage);
  await p.drawings.flush();
  assert.deepEqual(p.drawings.unsent(), []);
  assert.equal(storage.get('theirs'), 'value');
});

test('what a listener throws is no unhandled rejection', async () => {
  const p = new Program();
  await p.client.getSession();
  let rejected = 0;
  const count = () => rejected++;
  process.on('unhandledRejection', count);
  p.drawings.subscribe(({ status }) => {
    if (status === 'saved') throw new Error('of the app');
  });
  p.drawings.save('d1', drawing('cat'));
  await rest();
  await rest();
  process.off('unhandledRejection', count);
  assert.deepEqual([p.states.at(-1), rejected], ['saved', 0]);
});

test('nobody is told any more after unsubscribing', async () => {
  const p = new Program();
  let told = 0;
  const unsubscribe = p.drawings.subscribe(() => told++);
  p.drawings.save('d1', drawing('cat'));
  unsubscribe();
  await p.drawings.flush();
  assert.equal(told, 1);
});
