import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { type Client, newId } from '../../typescript/src/index.ts';
import { type Binary, startBinary } from '../../typescript/test/support/binary.ts';
import { domain, Network } from './support/host.ts';
import { drawing, elsewhere, somebody } from './support/people.ts';
import { JsdomScreen, type Options, patience, programAt } from './support/screen.ts';
import { lengthOf, longest } from './support/wx.ts';

let service: Binary;
before(async () => void (service = await startBinary()));
after(() => service.stop());

const line = [
  { x: 30, y: 40 },
  { x: 90, y: 160 },
  { x: 200, y: 300 },
];

/** Somebody's phone, the program running, and what else they have. It is closed after the test, and had no errors. */
function story(
  name: string,
  tell: (phone: JsdomScreen, other: Client, user: string) => Promise<void>,
  options?: Options,
): void {
  test(name, async () => {
    const user = somebody();
    const phone = new JsdomScreen(new Network(service, user), options);
    try {
      await phone.launch();
      await tell(phone, elsewhere(service, user), user);
      assert.deepEqual(await phone.evaluate('phone.errors'), []);
    } finally {
      await phone.close();
    }
  });
}

/** Begins a drawing, and draws a stroke. Gives the drawing's id. */
async function draw(phone: JsdomScreen, how = '随意画'): Promise<string> {
  await phone.tap(how);
  await stroke(phone);
  return phone.evaluate('phone.top.id');
}

async function stroke(phone: JsdomScreen): Promise<void> {
  await phone.until('phone.top.view');
  await phone.call('swipe', '画布', line);
}

async function titles(client: Client): Promise<string[]> {
  const list = await client.listDrawings();
  assert.ok(list.ok);
  return list.data.items.map(({ title }) => title);
}

/** Waits until the service lists drawings of these titles and no others. */
async function lists(client: Client, expected: string[]): Promise<void> {
  const end = Date.now() + patience;
  while (JSON.stringify(await titles(client)) !== JSON.stringify(expected))
    assert.ok(Date.now() < end, `${await titles(client)}, not ${expected}`);
}

async function strokesOf(client: Client, id: string): Promise<number> {
  const result = await client.getDrawing({ id });
  return result.ok ? result.data.strokes.length : 0;
}

story('a drawing is drawn, left, seen in the gallery and replayed', async (phone, other) => {
  await phone.see('还没有画');
  const id = await draw(phone);
  await phone.see('已保存');
  assert.equal(await strokesOf(other, id), 1);
  await phone.call('navigateBack');
  await phone.tap('未命名');
  await phone.see('播放'); // it is at its end
  assert.equal(await phone.call('title'), '未命名');
  await phone.tap('继续画');
  await stroke(phone);
  await phone.see('已保存');
  assert.equal(await strokesOf(other, id), 2);
});

story('strokes have the colour, width and tool that were picked, and the time of every point', async (phone, other) => {
  await phone.tap('随意画');
  await phone.tap('蓝');
  await phone.tap('粗细 4');
  await stroke(phone);
  await phone.tap('橡皮');
  await stroke(phone);
  await phone.tap('其他颜色');
  await phone.call('slide', '色相', 120);
  await phone.call('slide', '饱和度', 100);
  await phone.call('slide', '明度', 50);
  await stroke(phone);
  await phone.see('已保存');
  const saved = await other.getDrawing({ id: await phone.evaluate('phone.top.id') });
  assert.ok(saved.ok);
  const [blue, eraser, green] = saved.data.strokes;
  assert.deepEqual([blue!.color, blue!.width, blue!.tool], ['#0A84E0', 200, 'pen']);
  assert.equal(eraser!.tool, 'eraser');
  assert.deepEqual([green!.color, green!.tool], ['#00FF00', 'pen']);
  assert.ok(blue!.x.length >= line.length && blue!.t!.length === blue!.x.length);
  assert.ok(blue!.t![0] === 0 && green!.t![0]! >= eraser!.t![0]!);
});

story('undo and redo go back and forth, and clear takes all, which undo gives back', async (phone, other) => {
  const id = await draw(phone);
  await stroke(phone);
  const becomes = async (count: number) => {
    await phone.see('已保存');
    assert.equal(await strokesOf(other, id), count);
  };
  await becomes(2);
  const share = await other.shareDrawing({ id });
  assert.ok(share.ok);
  await phone.tap('撤销');
  await becomes(1);
  await phone.tap('重做');
  await becomes(2);
  await phone.tap('清空');
  await phone.until('!phone.top.data.status && phone.top.data.empty');
  await phone.tap('撤销');
  await becomes(2);
  const isShared = async () => (await other.getSharedDrawing({ token: share.data.token })).ok;
  assert.ok(await isShared());
  await phone.tap('清空');
  await phone.call('navigateBack');
  await phone.see('已删除');
  assert.ok(!(await phone.call('has', '未命名')));
  await phone.tap('撤销');
  await phone.tap('未命名');
  await phone.tap('继续画');
  await phone.until('phone.top.view');
  assert.ok(await isShared());
  await phone.tap('清空');
  await phone.call('navigateBack');
  await phone.see('这幅画不在了');
  await phone.tap('继续画');
  await phone.until('phone.top.view && !phone.top.data.empty');
  await phone.call('navigateBack');
  await phone.see('播放');
  assert.ok(await isShared());
});

story('a drawing in one stroke that is undone and drawn again stays shared', async (phone, other) => {
  const id = await draw(phone, '一笔到底');
  await phone.see('已保存');
  const share = await other.shareDrawing({ id });
  assert.ok(share.ok);
  await phone.tap('撤销');
  await phone.until('!phone.top.data.status');
  await stroke(phone);
  await phone.see('已保存');
  assert.ok((await other.getSharedDrawing({ token: share.data.token })).ok);
});

story('a page that is left before anything is drawn deletes nothing', async phone => {
  await phone.tap('随意画');
  await phone.until('phone.top.view');
  await phone.call('navigateBack');
  await phone.until('!phone.top.data.loading');
  assert.equal(await phone.evaluate('phone.top.shown.length'), 0);
  assert.ok(!phone.network.arrived.some(request => /^DELETE|drawings\/./.test(request)));
});

story('a drawing in one stroke ends when the finger lifts', async (phone, other) => {
  const id = await draw(phone, '一笔到底');
  await phone.see('一笔到底！');
  await phone.call('swipe', '画布', line);
  await phone.see('已保存');
  assert.equal(await strokesOf(other, id), 1);
  await phone.tap('撤销');
  await stroke(phone);
  await phone.see('一笔到底！');
  await phone.tap('再来一笔');
  await phone.until(`phone.top.view && phone.top.id !== "${id}"`);
  await phone.call('navigateBack');
  await phone.see('一笔画成');
  await lists(other, ['']);

  // It is a property of the drawing: in the replay, and when it is opened again.
  await phone.tap('未命名');
  await phone.see('播放');
  await phone.see('一笔画成');
  await phone.launch(`/pages/draw/draw?id=${id}`);
  await phone.see('一笔到底！');
  await phone.call('swipe', '画布', line);
  assert.equal(await phone.evaluate('phone.top.sketch.content.strokes.length'), 1);
});

story('from the replay to the page and back, as often as one likes', async (phone, other) => {
  await other.putDrawing({ id: newId(), ifNoneMatch: '*', body: { ...drawing('一笔猫'), oneStroke: true } });
  await phone.call('pullDown');
  await phone.tap('一笔猫');
  for (let i = 0; i < 10; i++) {
    await phone.tap('继续画');
    await phone.until('phone.top.view');
    await phone.tap('回放');
    await phone.until('phone.top.route === "pages/replay/replay"');
  }
  await phone.see('播放');
  assert.equal(await phone.evaluate('phone.pages.length'), 2);

  for (let i = 0; i < 10; i++) {
    await phone.tap('继续画');
    const id = await phone.until<string>('phone.top.view && phone.top.id');
    await phone.tap('再来一笔');
    await phone.until(`phone.top.view && phone.top.id !== "${id}"`);
    await stroke(phone);
    await phone.tap('回放');
    await phone.until('phone.top.route === "pages/replay/replay"');
  }
});

story('a drawing is renamed by a long press', async (phone, other) => {
  await draw(phone);
  await phone.call('navigateBack');
  await phone.see('未命名');
  await phone.call('longPress', '未命名');
  await phone.tap('改名');
  assert.equal((await phone.answer({ confirm: true, content: ' 一笔猫 ' })).title, '画的名字');
  await phone.see('一笔猫');
  await lists(other, ['一笔猫']);
  await phone.tap('更多 一笔猫');
  await phone.tap('改名');
  await phone.answer({ confirm: false, cancel: true });
  assert.ok(await phone.call('has', '一笔猫'));
});

for (const [where, open, button] of [
  ['the gallery', (phone: JsdomScreen) => phone.tap('更多 一笔猫'), '分享'],
  ['the replay', (phone: JsdomScreen) => phone.tap('一笔猫'), '分享'],
  ['the menu of the replay', (phone: JsdomScreen) => phone.tap('一笔猫'), undefined],
] as const) {
  story(`a drawing that is shared from ${where} is seen without a login`, async (phone, other) => {
    await other.putDrawing({ id: newId(), ifNoneMatch: '*', body: drawing('一笔猫') });
    await phone.call('pullDown');
    await phone.see('一笔猫');
    await open(phone);
    if (where !== 'the gallery') await phone.see('播放');
    const card = await phone.call('share', button);
    assert.equal(card.title, '一笔猫');
    assert.ok((await phone.evaluate<number>(`phone.wx.files.get(${JSON.stringify(card.imageUrl)})`)) > 100);

    const network = new Network(service, somebody());
    const visitor = new JsdomScreen(network);
    await visitor.launch(card.path);
    await visitor.see('播放');
    assert.deepEqual([await visitor.call('title'), network.arrived.length], ['一笔猫', 1]);
    assert.equal((await visitor.call('share')).path, card.path);
    await visitor.tap('我也来一笔');
    await visitor.see('还没有画');
    await visitor.close();
  });
}

story(
  'the author of a shared drawing is named, and a drawing that is shared no more is missed',
  async (phone, other) => {
    const id = newId();
    await other.putDrawing({ id, ifNoneMatch: '*', body: drawing('一笔猫') });
    const share = await other.shareDrawing({ id });
    assert.ok(share.ok);
    const me = await other.getSession();
    assert.ok(me.ok);
    await phone.launch(`/pages/shared/shared?token=${share.data.token}`);
    await phone.see(`作者：${me.data.user.nickname}`);
    await other.unshareDrawing({ id });
    await phone.launch(`/pages/shared/shared?token=${share.data.token}`);
    await phone.see('这幅画不在了');
  },
);

/** A drawing of the user's that is shared. */
async function sharedDrawing(other: Client, title: string): Promise<{ id: string; token: string }> {
  const id = newId();
  await other.putDrawing({ id, ifNoneMatch: '*', body: drawing(title) });
  const share = await other.shareDrawing({ id });
  assert.ok(share.ok);
  return { id, token: share.data.token };
}

story('a mini program code opens the drawing, and Moments show it alone', async (phone, other) => {
  const { token } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/shared/shared?scene=${encodeURIComponent(token)}`);
  await phone.see('播放');
  assert.equal(await phone.call('title'), '一笔猫');
  assert.deepEqual(await phone.call('timeline'), { title: '一笔猫', query: `token=${token}` });

  const visitor = new JsdomScreen(new Network(service), { system: { scene: 1154 } });
  await visitor.launch(`/pages/shared/shared?token=${token}`);
  await visitor.see('播放');
  for (const label of ['我也来一笔', '分享', '举报']) assert.ok(!(await visitor.call('has', label)), label);
  assert.deepEqual(await visitor.evaluate('phone.errors'), []);
  await visitor.close();
});

story('a visitor reports a shared drawing with a reason and a note', async (phone, other) => {
  const { token } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/shared/shared?token=${token}`);
  await phone.tap('举报');
  await phone.tap('广告');
  assert.equal((await phone.answer({ confirm: false, cancel: true })).title, '广告');
  assert.ok(!phone.network.arrived.some(request => request.endsWith('/reports')));
  await phone.tap('举报');
  await phone.tap('欺诈');
  await phone.answer({ confirm: true, content: ' 卖画 ' });
  await phone.until('phone.wx.toast === "已收到举报"');
  assert.ok(phone.network.arrived.includes(`POST /v1/shared/${token}/reports`));
});

story('a drawing in one stroke is shared where it was drawn', async (phone, other) => {
  await phone.tap('一笔到底');
  await phone.until('phone.top.view');
  assert.equal((await phone.call('share')).path, '/pages/gallery/gallery'); // there is nothing to share yet
  await phone.call('swipe', '画布', line);
  await phone.see('一笔到底！');
  const id = await phone.evaluate<string>('phone.top.id');
  const card = await phone.call('share', '分享');
  const share = await other.getShare({ id });
  assert.ok(share.ok && card.path === `/pages/shared/shared?token=${share.data.token}`);
});

story('the page of a share says who sees it, makes a poster, and ends it', async (phone, other) => {
  await phone.evaluate('(window.devicePixelRatio = 3)');
  const id = newId();
  await other.putDrawing({ id, ifNoneMatch: '*', body: drawing('一笔猫') });
  await phone.call('pullDown');
  await phone.tap('更多 一笔猫');
  await phone.tap('海报和分享状态');
  await phone.until('phone.text().includes("还没有分享")');
  assert.ok(!(await phone.call('has', '停止分享')));

  await phone.tap('生成海报');
  await phone.tap('保存到相册');
  await phone.answer(); // does not agree to the privacy guide
  await phone.until('phone.wx.toast.startsWith("不同意")');
  assert.deepEqual(await phone.wx('album.saved'), []);
  await phone.evaluate('phone.wx.album.allowed = false');
  await phone.tap('保存到相册');
  await phone.answer({});
  assert.equal((await phone.answer({ confirm: true })).content, '没有保存到相册的权限');
  await phone.until('phone.wx.album.allowed');
  await phone.tap('保存到相册');
  await phone.until('phone.wx.toast === "已保存到相册"');
  assert.deepEqual(await phone.wx('album.saved'), ['http://tmp/1080x1620.png']);
  for (const [why, says] of [
    ['no space left on device', '没有保存成功，请再试一次'],
    ['cancel', ''],
  ]) {
    await phone.evaluate('void (phone.wx.toast = "")');
    const errMsg = JSON.stringify(`saveImageToPhotosAlbum:fail ${why}`);
    await phone.evaluate(
      `void (phone.wx.saveImageToPhotosAlbum = ({ fail }) => { phone.wx.failed = ${errMsg}; fail({ errMsg: ${errMsg} }); })`,
    );
    await phone.tap('保存到相册');
    await phone.until(`phone.wx.failed === ${errMsg}`);
    await phone.until(`phone.wx.toast === ${JSON.stringify(says)}`);
  }

  await phone.see('已分享，别人能看到这幅画。');
  const share = await other.getShare({ id });
  assert.ok(share.ok);
  await phone.tap('看看别人看到的');
  await phone.until('phone.top.route === "pages/shared/shared"');
  assert.equal(await phone.evaluate('phone.top.token'), share.data.token);
  await phone.call('navigateBack');
  await phone.tap('停止分享');
  await phone.answer({ confirm: false, cancel: true });
  assert.ok((await other.getShare({ id })).ok);
  await phone.tap('停止分享');
  await phone.answer({ confirm: true });
  await phone.until('phone.text().includes("还没有分享")');
  assert.ok(!(await other.getShare({ id })).ok);
});

story('a second tap, quick after the first, does nothing', async (phone, other) => {
  const { id } = await sharedDrawing(other, '一笔猫');
  await phone.call('pullDown');
  await phone.see('更多 一笔猫');
  await phone.call('tap', '一笔猫', 2);
  await phone.until('phone.top.route === "pages/replay/replay"');
  assert.equal(await phone.evaluate('phone.pages.length'), 2);
  await phone.call('navigateBack');
  for (const [label, then] of [
    ['海报和分享状态', 'phone.top.route === "pages/share/share"'],
    ['删除', 'phone.has("撤销")'],
  ]) {
    await phone.tap('更多 一笔猫');
    await phone.see(label!);
    await phone.call('tap', label!, 2);
    await phone.until(then!);
    if ((await phone.evaluate('phone.pages.length')) === 2) await phone.call('navigateBack');
  }
  await phone.tap('撤销');
  assert.ok((await other.getDrawing({ id })).ok);

  await other.putDrawing({ id: newId(), ifNoneMatch: '*', body: { ...drawing('一笔狗'), oneStroke: true } });
  await phone.call('pullDown');
  await phone.tap('一笔狗');
  await phone.tap('继续画');
  await phone.see('回放');
  await phone.call('tap', '回放', 2);
  await phone.until('phone.top.route !== "pages/draw/draw"');
  await setImmediate();
  assert.equal(await phone.evaluate('phone.top.route'), 'pages/replay/replay');
});

story('a card whose picture is late goes without it', async (phone, other) => {
  const { id, token } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/share/share?id=${id}`);
  await phone.see('停止分享');
  phone.network.hold(`GET /v1/shared/${token}/image`);
  const card = await phone.call('share', '发给朋友');
  assert.deepEqual([card.path, card.imageUrl], [`/pages/shared/shared?token=${token}`, undefined]);
});

story('the page of a share keeps the name of its drawing without a network', async (phone, other) => {
  const { id } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/share/share?id=${id}`);
  await phone.see('停止分享');
  await phone.connect(false);
  await phone.call('hide');
  await phone.evaluate('phone.top.onShow()');
  await phone.until('phone.wx.toast === "网络不通"');
  assert.equal(await phone.call('title'), '一笔猫');
});

story('what is changed stays on the screen when an older answer arrives late', async (phone, other) => {
  const { id } = await sharedDrawing(other, '一笔猫');
  await other.unshareDrawing({ id });
  const share = phone.network.hold(`GET /v1/drawings/${id}/share`);
  await phone.launch(`/pages/share/share?id=${id}`);
  await phone.until(`phone.title() === '一笔猫'`);
  await phone.tap('生成海报');
  await phone.see('保存到相册');
  await share();
  assert.ok(await phone.call('has', '停止分享'));

  const profile = phone.network.hold('GET /v1/profile');
  await phone.launch('/pages/me/me');
  await phone.tap('设置昵称和头像');
  await phone.answer({});
  await phone.see('更换头像');
  await phone.call('write', '昵称', '小红');
  await phone.tap('保存');
  await phone.until('phone.top.data.nickname === "小红"');
  await profile();
  assert.equal(await phone.evaluate('phone.top.data.nickname'), '小红');

  const nickname = phone.network.hold('PUT /v1/profile');
  await phone.call('write', '昵称', '小明');
  await phone.tap('保存');
  await nickname(async () => {
    await phone.evaluate(`void phone.wx.pictures.set("http://tmp/a.png", ${JSON.stringify(pixel)})`);
    await phone.call('chooseAvatar', '更换头像', 'http://tmp/a.png');
    assert.ok(!phone.network.arrived.includes('POST /v1/profile/avatar'), 'two changes at the same time');
  });
  await phone.until('phone.top.data.avatar && phone.top.data.nickname === "小明"');
});

story('what arrives late does not change the page that is there by then', async (phone, other) => {
  const { id, token } = await sharedDrawing(other, '一笔猫');
  for (const [page, request] of [
    [`/pages/replay/replay?id=${id}`, `GET /v1/drawings/${id}`],
    [`/pages/draw/draw?id=${id}`, `GET /v1/drawings/${id}`],
    [`/pages/share/share?id=${id}`, `GET /v1/drawings/${id}`],
    [`/pages/shared/shared?token=${token}`, `GET /v1/shared/${token}`],
  ] as const) {
    const answer = phone.network.hold(request);
    await phone.call('navigateTo', page);
    await phone.call('navigateBack');
    await answer();
    assert.deepEqual([await phone.call('title'), await phone.evaluate('phone.pages.length')], ['一笔到底', 1], page);
  }
});

test('the user learns whether others see what is shared, and why not', async () => {
  const checking = await startBinary({ CONTENT_CHECK: 'shared' });
  const user = somebody();
  const phone = new JsdomScreen(new Network(checking, user));
  try {
    const other = elsewhere(checking, user);
    const says = async (title: string) => {
      const { id } = await sharedDrawing(other, title);
      await phone.launch(`/pages/share/share?id=${id}`);
      await phone.see('停止分享');
      return phone.evaluate<string>('phone.top.data.says');
    };
    assert.match(await says('risky 20002'), /没有通过微信的检测.*原因：色情$/);
    assert.match(await says('review'), /需要人工审核/);

    await other.putProfile({ body: { nickname: 'risky' } });
    await phone.launch('/pages/me/me');
    await phone.until('phone.text().includes("没有通过审核，别人看不到")');
    assert.deepEqual(await phone.evaluate('phone.errors'), []);
  } finally {
    await phone.close();
    await checking.stop();
  }
});

story('a poster whose share has ended meanwhile is not shown', async (phone, other) => {
  const { id } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/share/share?id=${id}`);
  await phone.see('停止分享');
  const code = phone.network.hold(`GET /v1/drawings/${id}/share/code`);
  await phone.tap('生成海报');
  await code(async () => {
    await phone.tap('停止分享');
    await phone.answer({ confirm: true });
    await phone.until('phone.text().includes("还没有分享")');
  });
  await phone.until('!phone.top.data.busy');
  assert.ok(!(await phone.call('has', '保存到相册')));
});

story('a poster that cannot be made says why', async (phone, other) => {
  const { id } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/share/share?id=${id}`);
  await phone.see('停止分享');
  await fetch(`${service.baseUrl}/simulator/plan`, {
    method: 'POST',
    body: JSON.stringify({ path: '/wxa/getwxacodeunlimit', errcode: 41030 }),
  });
  await phone.tap('生成海报');
  await phone.until('phone.wx.toast === "服务忙，请稍后再试"');
  assert.ok(await phone.call('has', '生成海报'));
});

story('a poster that the phone cannot make says so, and can be tried again', async (phone, other) => {
  const { id } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/share/share?id=${id}`);
  await phone.see('停止分享');
  await phone.evaluate(
    '(phone.wx.toFile = phone.wx.canvasToTempFilePath, phone.wx.canvasToTempFilePath = ({ fail }) => fail({ errMsg: "create bitmap failed" }), 0)',
  );
  await phone.tap('生成海报');
  await phone.until('phone.wx.toast === "海报没有做成，请再试一次"');
  await phone.see('生成海报');
  await phone.evaluate('void (phone.wx.canvasToTempFilePath = phone.wx.toFile)');
  await phone.tap('生成海报');
  await phone.see('保存到相册');
});

/** Tries to share the drawing of the share page, as a poster and as a card, and expects to be told why not. */
async function cannotShare(phone: JsdomScreen, why: string): Promise<void> {
  for (const how of ['poster', 'card']) {
    await phone.evaluate('void (phone.wx.toast = "")');
    if (how === 'poster') await phone.tap('生成海报');
    else assert.equal((await phone.call('share', '发给朋友')).path, '/pages/gallery/gallery');
    await phone.until(`phone.wx.toast === ${JSON.stringify(why)} && !phone.top.data.busy`);
  }
  assert.ok(!(await phone.call('has', '停止分享')));
}

story(
  'a drawing in conflict is not shared before one is chosen, and one that is gone not at all',
  async (phone, other) => {
    const id = await draw(phone);
    await phone.see('已保存');
    const before = await other.drawings.open(id);
    assert.ok(before.ok);
    other.drawings.save(id, { ...before.data, title: 'theirs' });
    await other.drawings.flush();
    await stroke(phone);
    await phone.answer();
    await phone.call('navigateTo', `/pages/share/share?id=${id}`);
    await cannotShare(phone, '两台设备都改了这幅画，请先打开它，选择留哪一份');
    assert.ok(!(await other.getShare({ id })).ok);

    const gone = newId();
    await phone.call('navigateTo', `/pages/share/share?id=${gone}`);
    await cannotShare(phone, '这幅画不在了');
  },
);

/** A picture of one pixel. */
const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Chooses a picture as the avatar on the user's own page. */
async function chooseAvatar(phone: JsdomScreen): Promise<void> {
  await phone.launch('/pages/me/me');
  await phone.tap('设置昵称和头像');
  await phone.answer({});
  await phone.see('更换头像');
  await phone.evaluate(`void phone.wx.pictures.set("http://tmp/a.png", ${JSON.stringify(pixel)})`);
  await phone.call('chooseAvatar', '更换头像', 'http://tmp/a.png');
}

story('a user who agrees to the privacy guide sets a nickname and an avatar', async (phone, other) => {
  await phone.tap('我');
  await phone.tap('设置昵称和头像');
  await phone.answer();
  await phone.until('phone.wx.toast.startsWith("不同意")');
  assert.ok(!(await phone.call('has', '更换头像')));
  await phone.tap('设置昵称和头像');
  await phone.answer({});
  await phone.see('更换头像');

  await phone.call('write', '昵称', ' 小红 ');
  await phone.tap('保存');
  await phone.until('phone.top.data.nickname === "小红"');
  await phone.evaluate(`void phone.wx.pictures.set("http://tmp/a.png", ${JSON.stringify(pixel)})`);
  await phone.call('chooseAvatar', '更换头像', 'http://tmp/a.png');
  await phone.see('头像');
  const profile = await other.getProfile();
  assert.ok(profile.ok && profile.data.nickname === '小红' && profile.data.avatar);

  await phone.call('write', '昵称', '长'.repeat(65));
  await phone.tap('保存');
  await phone.until('phone.wx.toast === "昵称最多 64 个字"');
  assert.equal(await phone.evaluate('phone.top.data.nickname'), '小红');

  await phone.evaluate('void phone.wx.pictures.set("http://tmp/b.png", "AAAA")');
  await phone.call('chooseAvatar', '更换头像', 'http://tmp/b.png');
  await phone.until('phone.wx.toast === "这张图片不能用作头像"');
  await phone.connect(false);
  await phone.call('chooseAvatar', '更换头像', 'http://tmp/a.png');
  await phone.until('phone.wx.toast === "网络不通"');
  await phone.connect(true);
  assert.ok((await other.getProfile()).ok);

  const { token } = await sharedDrawing(other, '一笔猫');
  await phone.launch(`/pages/shared/shared?token=${token}`);
  await phone.see('作者：小红');
  assert.equal(await phone.evaluate('phone.top.data.avatar'), `${domain}/v1/shared/${token}/avatar`);

  await phone.launch('/pages/me/me');
  await phone.until('phone.top.data.nickname === "小红"');
  await phone.tap('设置昵称和头像');
  await phone.answer({});
  await phone.tap('删除昵称和头像');
  await phone.until('!phone.top.data.nickname');
  const removed = await other.getProfile();
  assert.deepEqual(removed.ok && removed.data, {});
});

story(
  'an avatar is uploaded when the session has ended, and a login page of a network is none',
  async (phone, other) => {
    await chooseAvatar(phone);
    await phone.until('phone.top.data.avatar');
    assert.ok((await other.deleteAvatar()).ok && (await other.endOtherSessions()).ok);
    await phone.call('chooseAvatar', '更换头像', 'http://tmp/a.png');
    const end = Date.now() + patience;
    for (let found = false; !found; ) {
      const profile = await other.getProfile();
      assert.ok(profile.ok && Date.now() < end, await phone.evaluate<string>('phone.wx.toast'));
      found = !!profile.data.avatar;
    }

    await phone.evaluate(
      'void (phone.wx.uploadFile = ({ success }) => success({ statusCode: 200, data: "<html>log in</html>" }))',
    );
    await phone.call('chooseAvatar', '更换头像', 'http://tmp/a.png');
    await phone.until('phone.wx.toast === "网络不通"');
  },
);

story('an export for which the phone has no room says so, and can be tried again', async (phone, other) => {
  const { id } = await sharedDrawing(other, '一笔猫');
  await phone.tap('我');
  await phone.evaluate('void (phone.wx.full = true)');
  await phone.tap('导出我的数据');
  await phone.until('phone.wx.toast === "手机里存不下了"');
  await phone.see('导出我的数据');
  await phone.until('!phone.wx.texts.size');
  await phone.evaluate('void (phone.wx.full = false)');
  await phone.tap('导出我的数据');
  await phone.see('已导出，发送到聊天');
  assert.ok((await phone.evaluate<string>('[...phone.wx.texts.values()].join()')).includes(id));
});

story('users take their data along, read the privacy guide, and delete their account', async (phone, other) => {
  const { id, token } = await sharedDrawing(other, '一笔猫');
  await other.putProfile({ body: { nickname: '小红' } });
  await phone.tap('我');
  await phone.tap('隐私保护指引');
  await phone.until('phone.wx.privacy.read');
  await phone.evaluate('void delete phone.wx.openPrivacyContract'); // a base library before 2.32.3
  await phone.tap('隐私保护指引');
  await phone.until('phone.wx.toast === "请先更新微信"');
  await phone.connect(false);
  await phone.tap('导出我的数据');
  await phone.until('phone.wx.toast === "网络不通"');
  await phone.connect(true);
  await phone.tap('导出我的数据');
  await phone.tap('已导出，发送到聊天');
  const file = await phone.until<string>('phone.wx.sent[0]');
  const lines = (await phone.evaluate<string>(`phone.wx.texts.get(${JSON.stringify(file)})`)).trim().split('\n');
  assert.deepEqual([lines.length, JSON.parse(lines[0]!).id, JSON.parse(lines[1]!).profile.nickname], [2, id, '小红']);

  await phone.tap('注销账号');
  await phone.answer({ confirm: false, cancel: true });
  assert.ok((await other.getDrawing({ id })).ok);
  await phone.tap('注销账号');
  assert.ok((await phone.answer({ confirm: true })).content!.includes('无法恢复'));
  await phone.see('还没有画');
  assert.ok(!(await other.getSharedDrawing({ token })).ok);
  const list = await other.listDrawings();
  assert.deepEqual(list.ok && list.data.items, []);
});

story('a deletion can be taken back, and is sent when it was not', async (phone, other) => {
  const removal = /^DELETE/;
  await draw(phone);
  await phone.see('已保存');
  await phone.call('navigateBack');
  await phone.tap('更多 未命名');
  await phone.tap('删除');
  await phone.see('已删除');
  assert.ok(!(await phone.call('has', '未命名')));
  await phone.tap('撤销');
  await phone.see('未命名');
  assert.ok(!phone.network.arrived.some(request => removal.test(request)));

  await phone.tap('更多 未命名');
  await phone.tap('删除');
  await phone.call('hide');
  await phone.until('!phone.top.data.removed');
  await phone.call('unhide');
  await phone.see('还没有画');
  await lists(other, []);
});

story('a deletion is sent by itself after five seconds', async (phone, other) => {
  await draw(phone);
  await phone.see('已保存');
  await phone.call('navigateBack');
  await phone.tap('更多 未命名');
  await phone.tap('删除');
  await phone.until('!phone.has("已删除")');
  await phone.see('还没有画');
  await lists(other, []);
});

story('without a network drawings wait on the phone, and go when it is back', async (phone, other) => {
  await phone.see('还没有画');
  await phone.connect(false);
  await draw(phone);
  await phone.see('等待上传');
  await phone.tap('等待上传');
  assert.equal((await phone.answer({ confirm: true })).content, '网络不通\n画会自动上传');
  await phone.call('navigateBack');
  await phone.see('等待上传');
  await phone.tap('未命名');
  await phone.see('播放');
  await phone.call('navigateBack');
  assert.deepEqual(await titles(other), []);
  await phone.connect(true);
  await phone.until('!phone.has("等待上传")');
  await phone.see('未命名');
  await lists(other, ['']);
  await phone.connect(false);
  await phone.tap('未命名');
  await phone.see('网络不通');
  await phone.tap('继续画');
  assert.equal((await phone.answer({ confirm: true })).content, '网络不通');
  await phone.until('phone.pages.length === 2');
});

story('many drawings that waited are sent without a list for each', async (phone, other) => {
  await phone.see('还没有画');
  await phone.connect(false);
  const count = 30;
  for (let i = 0; i < count; i++) {
    await draw(phone);
    await phone.call('navigateBack');
  }
  await phone.see('网络不通');
  assert.doesNotMatch(await phone.call('text'), /没有更多了/); // that is not known
  phone.network.arrived.length = 0;
  await phone.connect(true);
  await phone.until(`!phone.has("等待上传") && !phone.top.data.loading && phone.count("img") === 20`);
  const lists = phone.network.arrived.filter(request => request === 'GET /v1/drawings').length;
  assert.ok(lists < count / 2, `${lists} lists`);
  assert.equal((await titles(other)).length, 20);
});

story('what was not sent is sent when the gallery is pulled down', async (phone, other) => {
  await phone.see('还没有画');
  await phone.evaluate('void (window.setTimeout = () => 0)'); // no other try
  await phone.connect(false);
  await draw(phone);
  await phone.see('等待上传');
  await phone.call('navigateBack');
  phone.network.connected = true;
  await phone.call('pullDown');
  await phone.until('phone.has("未命名") && !phone.has("等待上传")');
  await lists(other, ['']);
});

story('what was not sent is still there when the program is started again', async (phone, other) => {
  await phone.see('还没有画');
  await phone.connect(false);
  const id = await draw(phone);
  await phone.see('等待上传');
  await phone.launch();
  await phone.see('等待上传');
  await phone.tap('重试');
  await phone.see('网络不通');
  phone.network.connected = true;
  await phone.launch();
  await phone.until('phone.has("未命名") && !phone.has("等待上传")');
  assert.equal(await strokesOf(other, id), 1);
});

for (const [choice, index, count] of [
  ['mine', 0, 3],
  ['theirs', 1, 1],
] as const) {
  story(`a drawing that two devices changed becomes ${choice}`, async (phone, other) => {
    const id = await draw(phone);
    await stroke(phone);
    await phone.see('已保存');
    const before = await other.drawings.open(id);
    assert.ok(before.ok);
    other.drawings.save(id, { ...before.data, strokes: before.data.strokes.slice(0, 1), title: 'theirs' });
    await other.drawings.flush();
    await stroke(phone);
    assert.deepEqual((await phone.answer()).itemList, ['用我的', '用另一台设备上的']);
    await phone.tap('有冲突');
    await phone.answer({ tapIndex: index });
    await phone.see('已保存');
    assert.equal(await strokesOf(other, id), count);
    await stroke(phone);
    await phone.until('phone.has("已保存") && !phone.top.data.empty');
    assert.equal(await strokesOf(other, id), count + 1);
  });
}

story('what another device made is not deleted as long as nobody has chosen', async (phone, other) => {
  const id = await draw(phone);
  await phone.see('已保存');
  await phone.call('navigateBack');
  const before = await other.drawings.open(id);
  assert.ok(before.ok);
  other.drawings.save(id, { ...before.data, title: 'theirs' });
  await other.drawings.flush();
  await phone.tap('未命名');
  await phone.tap('继续画');
  const theirs = await other.drawings.open(id);
  assert.ok(theirs.ok);
  await phone.until('phone.top.view && phone.title() === "theirs"');
  other.drawings.save(id, { ...theirs.data, title: 'newer' });
  await other.drawings.flush();
  await stroke(phone);
  await phone.answer();
  await phone.see('有冲突');
  await phone.tap('清空');
  assert.ok(await phone.call('has', '有冲突'));
  await phone.call('navigateBack');
  await phone.call('navigateBack');
  await phone.see('有冲突');
  assert.deepEqual(await titles(other), ['newer']);

  await phone.tap('更多 theirs');
  await phone.tap('删除');
  await phone.see('已删除');
  await phone.call('hide');
  await phone.call('unhide');
  await phone.see('newer');
  assert.match(await phone.evaluate('phone.wx.toast'), /没有删除/);
  assert.deepEqual(await titles(other), ['newer']);
  assert.ok(!phone.network.arrived.some(request => request.startsWith('DELETE')));
});

story('after the question which state to keep, an empty page can be filled, or left', async (phone, other) => {
  const id = await draw(phone);
  await phone.see('已保存');
  for (const tapIndex of [1, 0]) {
    const before = await other.drawings.open(id);
    assert.ok(before.ok);
    other.drawings.save(id, { ...before.data, title: `theirs ${tapIndex}` });
    await other.drawings.flush();
    await stroke(phone);
    await phone.answer();
    await phone.tap('清空');
    await phone.tap('有冲突');
    await phone.answer({ tapIndex });
    if (tapIndex) await phone.see('已保存');
    else await phone.until('!phone.top.data.status');
  }
  await phone.call('navigateBack');
  await phone.see('已删除');
  await phone.call('hide');
  await lists(other, []);
});

story('a stroke that ends after the question which state to keep is kept, too', async (phone, other) => {
  const id = await draw(phone);
  await phone.see('已保存');
  const before = await other.drawings.open(id);
  assert.ok(before.ok);
  other.drawings.save(id, { ...before.data, title: 'theirs' });
  await other.drawings.flush();
  await stroke(phone);
  await phone.until('phone.wx.dialog()');
  await stroke(phone);
  await phone.answer({ tapIndex: 0 });
  await phone.see('已保存');
  assert.equal(await strokesOf(other, id), 3);
});

story('a drawing that was deleted elsewhere is let go, or lives on', async (phone, other) => {
  const id = await draw(phone);
  await phone.see('已保存');
  for (const tapIndex of [0, 1]) {
    await other.deleteDrawing({ id });
    await stroke(phone);
    assert.deepEqual((await phone.answer({ tapIndex })).itemList, ['用我的', '另一台设备已删除，这里也删除']);
    await phone.until(tapIndex ? 'phone.pages.length === 1' : 'phone.has("已保存")');
    assert.equal((await strokesOf(other, id)) > 0, tapIndex === 0);
  }
  await phone.see('还没有画');
});

story('a deletion of what another device changed since is given up', async (phone, other) => {
  const id = await draw(phone);
  await phone.see('已保存');
  await phone.call('navigateBack');
  await phone.see('未命名');
  await phone.connect(false);
  await phone.tap('更多 未命名');
  await phone.tap('删除');
  await phone.see('已删除');
  const before = await other.drawings.open(id);
  assert.ok(before.ok);
  other.drawings.save(id, { ...before.data, title: '一笔猫' });
  await other.drawings.flush();
  await phone.until('!phone.has("已删除")');
  await phone.connect(true);
  await phone.see('一笔猫');
  assert.match(await phone.evaluate('phone.wx.toast'), /没有删除/);
  await lists(other, ['一笔猫']);
});

story('what waits is sent to the screen once, and again when it has changed', async phone => {
  await phone.connect(false);
  const id = await draw(phone);
  await phone.see('等待上传');
  await phone.call('navigateBack');
  await phone.see('网络不通');
  await phone.until('phone.top.shown.length');
  await phone.evaluate('void (card = phone.top.shown[0][0])');
  await phone.evaluate('phone.top.show()');
  assert.equal(await phone.evaluate('card === phone.top.shown[0][0]'), true);
  await phone.call('longPress', '未命名');
  await phone.tap('改名');
  await phone.answer({ confirm: true, content: '猫' });
  await phone.see('猫');
  assert.equal(await phone.evaluate('phone.top.shown[0][0].id'), id);
});

story('a shared drawing that could not be loaded is, when the program is shown again', async (phone, other) => {
  const id = newId();
  await other.putDrawing({ id, ifNoneMatch: '*', body: drawing('一笔猫') });
  const shared = await other.shareDrawing({ id });
  assert.ok(shared.ok);
  await phone.connect(false);
  await phone.launch(`/pages/shared/shared?token=${shared.data.token}`);
  await phone.see('网络不通');
  await phone.connect(true);
  await phone.call('hide');
  await phone.call('unhide');
  await phone.see('举报');
  await phone.until('!phone.has("网络不通")');
  assert.equal(await phone.call('title'), '一笔猫');
});

story('the gallery goes on as far as there are drawings, and is renewed by pulling', async (phone, other) => {
  await Promise.all(
    Array.from({ length: 45 }, (_, i) => other.putDrawing({ id: newId(), ifNoneMatch: '*', body: drawing(`${i}`) })),
  );
  await phone.call('pullDown');
  for (const count of [20, 40, 45]) {
    await phone.until(`!phone.top.data.loading && phone.count("img") === ${count}`);
    await phone.call('reachBottom');
  }
  await phone.see('没有更多了');
  await other.putDrawing({ id: newId(), ifNoneMatch: '*', body: drawing('new') });
  await phone.call('pullDown');
  await phone.see('new');
  assert.equal(await phone.call('count', 'img'), 20);
});

for (const [name, steps] of [
  ['before', ['reachBottom', 'pullDown']],
  ['after', ['pullDown', 'reachBottom']],
] as const) {
  story(`a gallery goes on whose end was reached ${name} it was renewed, with slow answers`, async (phone, other) => {
    const put = (title: string) => other.putDrawing({ id: newId(), ifNoneMatch: '*', body: drawing(title) });
    await Promise.all(Array.from({ length: 30 }, (_, i) => put(`${i}`)));
    await phone.call('pullDown');
    await phone.until('!phone.top.data.loading && phone.count("img") === 20');
    await put('new');
    const lists = phone.network.hold('GET /v1/drawings');
    for (const step of steps) await phone.call(step);
    await lists();
    await phone.until('!phone.top.data.loading && phone.count("img") === 31');
    await phone.see('new');
  });
}

test('a thousand drawings are shown, in pages, and a card that was opened far down is still there, as it was changed', async () => {
  const user = somebody();
  const other = elsewhere(service, user);
  for (let i = 0; i < 1_000; i += 50) {
    const some = Array.from({ length: 50 }, (_, j) => ({ id: newId(), body: drawing(`${i + j}`) }));
    for (const { ok } of await Promise.all(some.map(one => other.putDrawing({ ...one, ifNoneMatch: '*' }))))
      assert.ok(ok);
  }
  const phone = new JsdomScreen(new Network(service, user));
  await phone.launch();
  for (let count = 20; count <= 1_000; count += 20) {
    await phone.until(`!phone.top.data.loading && phone.count("img") === ${count}`);
    await phone.call('reachBottom');
  }
  await phone.see('没有更多了');
  const cards = 'phone.pages[0].shown.flat().map(({ name }) => name)';
  const before = await phone.evaluate<string[]>(cards);
  assert.equal(new Set(before).size, 1_000);
  const name = before[900]!;
  await phone.tap(name);
  await phone.tap('继续画');
  await stroke(phone);
  await phone.see('已保存');
  const pictureOf = `phone.pages[0].cardWith("${await phone.evaluate<string>('phone.top.id')}").picture`;
  const pictureBefore = await phone.evaluate<string>(pictureOf);
  await phone.call('navigateBack');
  await phone.call('navigateBack');
  await phone.until(`${pictureOf} !== ${JSON.stringify(pictureBefore)}`);
  assert.deepEqual(await phone.evaluate(cards), before);
  assert.equal(await phone.call('count', 'img'), 1_000);
  const written = await phone.evaluate<number>('phone.written');
  assert.ok(written < 256 * 1024, `${written} bytes in one setData`);
  assert.deepEqual(await phone.evaluate('phone.errors'), []);
  await phone.close();
});

story('a replay is paused, sought and hurried', async (phone, other) => {
  await other.putDrawing({ id: newId(), ifNoneMatch: '*', body: drawing('slow', 60_000) });
  await phone.call('pullDown');
  await phone.tap('slow');
  await phone.tap('暂停');
  await phone.see('播放');
  await phone.call('slide', '进度', 30_000);
  await phone.see('0:30 / 1:00');
  await phone.tap('速度 1×');
  await phone.tap('速度 2×');
  await phone.call('slide', '进度', 59_500);
  await phone.tap('播放');
  await phone.see('1:00 / 1:00');
  await phone.see('播放');
});

story('a replay stays where it was when the program comes back, also without a network', async (phone, other) => {
  const id = newId();
  await other.putDrawing({ id, ifNoneMatch: '*', body: drawing('slow', 60_000) });
  await phone.call('pullDown');
  await phone.tap('slow');
  await phone.tap('暂停');
  await phone.call('slide', '进度', 30_000);
  const comeBack = async () => {
    await phone.call('hide');
    await phone.evaluate('phone.top.onShow().then(() => (phone.cameBack = true))');
    await phone.until('phone.cameBack');
    await phone.evaluate('phone.cameBack = false');
  };
  await comeBack();
  await phone.see('0:30 / 1:00');
  await phone.connect(false);
  await comeBack();
  await phone.see('0:30 / 1:00');
  await phone.see('播放');
  await phone.connect(true);
  await other.deleteDrawing({ id });
  await comeBack();
  await phone.see('这幅画不在了');
});

/** Touches of the canvas: the name of each event, the finger and its place. */
async function touches(phone: JsdomScreen, ...events: [string, number, number, number][]): Promise<void> {
  await phone.until('phone.top.view');
  await phone.evaluate(`(() => {
    for (const [name, identifier, x, y] of ${JSON.stringify(events)})
      phone.top[name]({ timeStamp: 1, changedTouches: [{ identifier, x, y }] });
  })()`);
}

story('a second finger does not draw, and does not disturb the first', async (phone, other) => {
  await phone.tap('随意画');
  await touches(
    phone,
    ['touchStart', 1, 10, 100],
    ['touchMove', 1, 60, 100],
    ['touchStart', 2, 90, 200],
    ['touchMove', 2, 95, 300],
    ['touchMove', 1, 100, 100],
    ['touchEnd', 2, 95, 300],
    ['touchEnd', 1, 100, 100],
  );
  await phone.see('已保存');
  const saved = await other.getDrawing({ id: await phone.evaluate('phone.top.id') });
  assert.ok(saved.ok);
  assert.deepEqual([saved.data.strokeCount, new Set(saved.data.strokes[0]!.y).size], [1, 1]);
});

story('two fingers enlarge the paper and leave no line, and a button shows all of it again', async phone => {
  await phone.tap('随意画');
  await touches(
    phone,
    ['touchStart', 1, 100, 200],
    ['touchStart', 2, 150, 200],
    ['touchMove', 2, 250, 200],
    ['touchEnd', 2, 250, 200],
    ['touchMove', 1, 10, 10],
    ['touchEnd', 1, 10, 10],
  );
  assert.equal(await phone.evaluate('phone.top.view.zoom'), 3);
  assert.ok(await phone.evaluate('phone.top.data.empty && !phone.top.data.canUndo'));
  await phone.tap('看整张画');
  assert.equal(await phone.evaluate('phone.top.view.zoom'), 1);
  assert.ok(!(await phone.call('has', '看整张画')));
});

story('what was drawn stays when the system takes the touch away, and can be undone', async (phone, other) => {
  await phone.tap('随意画');
  await phone.until('phone.top.view');
  await phone.call('swipe', '画布', line, 'touchcancel');
  await phone.see('已保存');
  assert.equal(await strokesOf(other, await phone.evaluate('phone.top.id')), 1);
  await phone.tap('撤销');
  await phone.until('phone.top.data.empty');
});

story('a warning comes before a drawing is full, and one that is full says so', async (phone, other) => {
  const id = newId();
  const dot = { tool: 'pen' as const, color: '#333333', width: 5, x: [1], y: [1] };
  const strokes = Array.from({ length: 998 }, () => dot);
  await other.putDrawing({ id, ifNoneMatch: '*', body: { ...drawing('many'), strokes } });
  await phone.launch(`/pages/draw/draw?id=${id}`);
  await stroke(phone);
  await phone.until('phone.wx.toast === "这幅画快画满了"');
  await stroke(phone);
  await stroke(phone);
  await phone.until('phone.wx.toast === "这幅画已经画满了"');
  await phone.see('已保存');
  assert.equal(await strokesOf(other, id), 1_000);
});

story(
  'everything that can be tapped or seen has a name, in English, too',
  async (phone, other) => {
    await other.putDrawing({ id: newId(), ifNoneMatch: '*', body: drawing('cat') });
    const named = async () => {
      const labels = await phone.call('labels');
      assert.ok(labels.length);
      assert.deepEqual(
        labels.filter(label => /\?$|undefined|[\u4e00-\u9fff]/.test(label)),
        [],
      );
      assert.doesNotMatch(await phone.call('text'), /undefined|[\u4e00-\u9fff]/);
    };
    await phone.call('pullDown');
    await phone.tap('More cat');
    await named();
    await phone.tap('Close');
    await phone.tap('cat');
    await phone.see('Play');
    await named();
    await phone.tap('Continue drawing');
    await phone.tap('Another colour');
    await phone.see('Hue');
    await named();
    const { path } = await phone.evaluate<{ path: string }>('(phone.navigateBack(), phone.share())');
    await phone.launch(path);
    await phone.see('Play');
    await named();
  },
  { system: { language: 'en' } },
);

for (const language of ['zh_CN', 'en']) {
  story(
    `the texts of all buttons of questions are short enough for WeChat: ${language}`,
    async phone => {
      const words = await phone.evaluate<Record<string, string>>('phone.load("words").words');
      const code = Object.values(programAt(domain).modules).join();
      const buttons = Array.from(code.matchAll(/(confirmText|cancelText): \w+\.words\.(\w+)/g));
      assert.equal(buttons.length, code.match(/(confirmText|cancelText):/g)!.length);
      for (const [, button, name] of buttons)
        assert.ok(lengthOf(words[name!]!) <= longest[button as 'confirmText'], words[name!]);
    },
    { system: { language } },
  );
}

story(
  'a share is ended in English',
  async (phone, other) => {
    const { id } = await sharedDrawing(other, 'cat');
    await phone.launch(`/pages/share/share?id=${id}`);
    await phone.tap('Stop sharing');
    assert.equal((await phone.answer({ confirm: true })).title, 'Stop sharing');
    await phone.until('phone.wx.toast === "No longer shared"');
    assert.ok(!(await other.getShare({ id })).ok);
  },
  { system: { language: 'en' } },
);

story('a drawing that is emptied is none, also for the replay beneath', async phone => {
  await draw(phone);
  await phone.call('navigateBack');
  await phone.tap('未命名');
  await phone.tap('继续画');
  await phone.until('!phone.top.data.empty');
  await phone.tap('清空');
  await phone.call('navigateBack');
  await phone.see('这幅画不在了');
  await phone.call('navigateBack');
  await phone.see('还没有画');
});

for (const [choice, answer, strokes, incomplete] of [
  ['仍然保存', { confirm: true, cancel: false }, 2, undefined],
  ['放弃修改', { confirm: false, cancel: true }, 1, true],
] as const) {
  story(`a drawing of which a program of 2017 drew more is not replaced unasked: ${choice}`, async (phone, other) => {
    const actions = JSON.stringify([
      {
        method: 'strokePath',
        data: [
          { method: 'moveTo', data: [10, 20] },
          { method: 'lineTo', data: [300, 200] },
        ],
      },
      { method: 'fillText', data: ['一笔', 100, 100] },
    ]);
    assert.ok((await other.savePaint({ body: { id: 'j8x3k2m1q9w0zt', actions } })).ok);
    const list = await other.listDrawings();
    assert.ok(list.ok && list.data.items[0]!.incomplete);
    const { id } = list.data.items[0]!;
    await phone.launch(`/pages/draw/draw?id=${id}`);
    await stroke(phone);
    // A tap beside the question answers nothing, and drops nothing.
    assert.equal((await phone.answer({ confirm: false, cancel: false })).title, '这幅画不只有笔画');
    await phone.tap('无法保存');
    assert.equal((await phone.answer(answer)).title, '这幅画不只有笔画');
    if (answer.confirm) await phone.see('已保存');
    await phone.until(`phone.top.sketch.content.strokes.length === ${strokes}`);
    assert.equal(await strokesOf(other, id), strokes);
    const after = await other.getDrawing({ id });
    assert.ok(after.ok);
    assert.equal(after.data.incomplete, incomplete);
  });
}

story('a brush is thin where the finger is fast', async (phone, other) => {
  await phone.tap('随意画');
  await phone.tap('笔锋');
  await stroke(phone);
  await phone.see('已保存');
  const saved = await other.getDrawing({ id: await phone.evaluate('phone.top.id') });
  assert.ok(saved.ok);
  const { x, p } = saved.data.strokes[0]!;
  assert.equal(p?.length, x.length);
});

test('a drawing that the service does not take says so', async () => {
  const small = await startBinary({ DRAWING_QUOTA: '1' });
  const phone = new JsdomScreen(new Network(small, somebody()));
  await phone.launch();
  await draw(phone);
  await phone.see('已保存');
  await phone.call('navigateBack');
  await draw(phone);
  await phone.tap('无法保存');
  assert.equal((await phone.answer({ confirm: true })).content, '画太多了，请先删除一些');
  const id = await phone.evaluate<string>('phone.top.id');
  await phone.call('navigateBack');
  await phone.see('无法保存');
  await phone.call('navigateTo', `/pages/share/share?id=${id}`);
  await cannotShare(phone, '画太多了，请先删除一些');

  await phone.call('navigateBack');
  const [saved] = await phone.evaluate<string[]>(`phone.top.listed.map(({ id }) => id)`);
  assert.notEqual(saved, id);
  await phone.evaluate(`phone.top.removeLater(${JSON.stringify(saved)})`);
  await phone.call('hide');
  await phone.call('unhide');
  await phone.until('phone.has("未命名") && !phone.has("无法保存") && !phone.has("等待上传")');
  await phone.until(`phone.top.listed[0].id === ${JSON.stringify(id)}`);
  await phone.close();
  await small.stop();
});

test('a suspended user is told so', async () => {
  const token = 'a-token-of-those-who-run-the-service';
  const service = await startBinary({ ADMIN_TOKEN: token });
  const user = somebody();
  const session = await elsewhere(service, user).getSession();
  assert.ok(session.ok);
  const suspended = await fetch(`${service.baseUrl}/v1/admin/users/${session.data.user.id}/suspension`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ suspended: true, by: '小红', note: 'spam' }),
  });
  assert.equal(suspended.status, 204);
  const phone = new JsdomScreen(new Network(service, user));
  await phone.launch();
  await draw(phone);
  await phone.tap('无法保存');
  assert.equal((await phone.answer({ confirm: true })).content, '账号已被停用，只能查看、导出和删除');
  await chooseAvatar(phone);
  await phone.until('phone.wx.toast === "账号已被停用，只能查看、导出和删除"');
  await phone.close();
  await service.stop();
});

test('a service on the own computer that has an app id is logged in to with WeChat', async () => {
  const real = await startBinary({
    WECHAT_APP_ID: 'wx0123456789abcdef',
    WECHAT_APP_SECRET: '0123456789abcdef0123456789abcdef',
    WECHAT_API_URL: service.baseUrl,
  });
  const network = new Network(real, somebody(), service);
  const phone = new JsdomScreen(network, { program: programAt(real.baseUrl) });
  await phone.launch();
  await phone.see('登录失败，请检查网络');
  assert.ok(network.logins > 0);
  await phone.close();
  await real.stop();
});

test('a newcomer with nothing but a service of their own can draw: there the service is WeChat', async () => {
  const network = new Network(service);
  const phone = new JsdomScreen(network, { program: programAt(service.baseUrl) });
  await phone.launch();
  await draw(phone);
  await phone.see('已保存');
  assert.ok(network.arrived.includes('POST /simulator/login'));
  await phone.close();
});

test('a login that fails is told, and tried again', async () => {
  const network = new Network(service);
  const phone = new JsdomScreen(network);
  await phone.launch();
  await phone.see('登录失败，请检查网络');
  assert.deepEqual(network.arrived, []);
  await phone.close();
});
