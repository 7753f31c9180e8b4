const isChinese = navigator.language.startsWith('zh');
const language = isChinese ? 'zh-CN' : 'en';

const reasons = isChinese
  ? {
      abuse: '辱骂或泄露他人信息',
      pornography: '色情',
      vulgar: '低俗',
      advertising: '广告',
      fraud: '欺诈',
      crime: '违法犯罪',
      politics: '政治',
      copyright: '侵犯版权',
      other: '其他',
    }
  : {
      abuse: 'Insults, or personal data of others',
      pornography: 'Pornography',
      vulgar: 'Vulgar',
      advertising: 'Advertising',
      fraud: 'Fraud',
      crime: 'Crime',
      politics: 'Politics',
      copyright: 'Copyright',
      other: 'Something else',
    };

const words = isChinese
  ? {
      heading: '一笔到底 · 管理员',
      views: '页面',
      checks: '待处理',
      suspensions: '停用的用户',
      trail: '操作记录',
      leave: '退出',
      name: '姓名（写入操作记录）',
      enter: '登录',
      storage: 'token 和姓名只保存在这个标签页中（sessionStorage），标签页关闭后即删除。',
      checksHint: '被举报的、需要人工审核的和等待检测结果的画作、昵称和头像。',
      suspensionsHint: '被停用的用户可以读取、导出和删除，不能写入和分享。',
      trailHint: '管理员的每一次操作，最新的在前。',
      shares: '该用户给别人看的内容',
      sharesHint: '昵称、头像和全部分享的画作，没有被举报的也在内。',
      userId: '用户 id',
      more: '更多',
      nothing: '没有内容。',
      reason: '违规原因',
      note: '理由（写入操作记录，用户看不到）',
      cancel: '取消',
      approve: '通过',
      refuse: '拒绝',
      take_down: '下架',
      suspend: '停用用户',
      lift: '解除停用',
      consequences: {
        approve: '别人可以看到这个版本。',
        refuse: '别人看不到这个版本。用户会看到原因；之后的每个版本都需要人工审核，直到其中一个通过。',
        take_down: '画作：分享结束，链接永久失效。昵称或头像：被删除。',
        suspend: '该用户不能再写入和分享。解除停用之前，别人看不到该用户分享的内容。',
        lift: '该用户又可以写入和分享。',
      },
      done: '已完成：',
      untitled: '未命名',
      picture: '图片：',
      loading: '正在加载…',
      hidden:
        '分享结束后，用户改动了画作：别人看到过的版本已不存在，现在的版本别人看不到。通过：只结束举报。拒绝、下架：现在的版本再分享时需要人工审核。',
      user: '用户',
      state: '状态',
      report: '举报',
      reports: '举报的地址数',
      orMore: ' 个或更多',
      at: '时间',
      by: '管理员',
      why: '理由',
      outcome: '结果',
      what: '内容',
      version: '版本',
      kinds: { drawing: '画作', nickname: '昵称', avatar: '头像' },
      states: { pending: '等待微信检测', approved: '别人可见', refused: '已拒绝', review: '需要人工审核' },
      reasons: { ...reasons, no_result: '微信没有给出结果', author_away: '作者近两小时没有打开小程序' },
      outcomes: {
        done: '已完成',
        changed: '没有执行：内容已改动或不存在，或没有这个用户',
        failed: '出错：可能已执行，也可能没有',
        unknown: '未知：没有记录到结果',
      },
      wrongToken: 'token 不正确：它不是这个服务的 ADMIN_TOKEN。',
      changed: '什么也没有做：内容已改动。列表已重新加载。',
      missing: '什么也没有做：内容已不存在，或没有这个用户。列表已重新加载。',
      gone: '图片不存在：内容已改动或已删除。请重新加载列表。',
      busy: '请求过多，请一分钟后再试。',
      unavailable: '服务暂时无法响应，请稍后再试。',
      unreachable: '无法连接到服务。请检查网络后再试。',
      refused: '服务拒绝了请求：',
    }
  : {
      heading: 'One Stroke · operators',
      views: 'Views',
      checks: 'What waits',
      suspensions: 'Suspended users',
      trail: 'Trail',
      leave: 'Log out',
      name: 'Your name, for the trail',
      enter: 'Log in',
      storage: 'Token and name are stored in this tab only (sessionStorage), until the tab is closed.',
      checksHint:
        'Drawings, nicknames and avatars that were reported, need a review, or have no result of the check yet.',
      suspensionsHint: 'A suspended user can read, export and delete, and can write and share nothing.',
      trailHint: 'Every action of an operator, newest first.',
      shares: 'What the user shows',
      sharesHint: 'The nickname, the avatar and all shared drawings, also what nobody reported.',
      userId: 'User id',
      more: 'More',
      nothing: 'There is nothing.',
      reason: 'What it breaks the rules with',
      note: 'Why, for the trail. Users do not see it.',
      cancel: 'Cancel',
      approve: 'Approve',
      refuse: 'Refuse',
      take_down: 'Take down',
      suspend: 'Suspend the user',
      lift: 'Lift the suspension',
      consequences: {
        approve: 'Others see this version.',
        refuse:
          'Others do not see this version. Its owner sees the reason. Each later version needs a review, until one is approved.',
        take_down:
          'A drawing: its share ends and the link is invalid for ever. A nickname or an avatar: it is removed.',
        suspend:
          'The user can write and share nothing, and others do not see what the user shares until this is lifted.',
        lift: 'The user can write and share again.',
      },
      done: 'Done: ',
      untitled: 'untitled',
      picture: 'Picture: ',
      loading: 'Loading…',
      hidden:
        'Its owner has changed it since its share ended: what others saw is gone, and others do not see what it is now. Approve only ends the reports; refuse and take down make it need a review when it is shared again.',
      user: 'User',
      state: 'State',
      report: 'Report',
      reports: 'Reported by',
      orMore: ' or more',
      at: 'When',
      by: 'Operator',
      why: 'Why',
      outcome: 'Outcome',
      what: 'What',
      version: 'Version',
      kinds: { drawing: 'Drawing', nickname: 'Nickname', avatar: 'Avatar' },
      states: {
        pending: 'waits for the check of WeChat',
        approved: 'others see it',
        refused: 'refused',
        review: 'needs a review',
      },
      reasons: {
        ...reasons,
        no_result: 'WeChat gave no result',
        author_away: 'the author was not in the mini program in the last two hours',
      },
      outcomes: {
        done: 'done',
        changed: 'nothing was done: it had changed, was not there any more, or there was no such user',
        failed: 'an error: it may or may not have been done',
        unknown: 'unknown: the outcome was not stored',
      },
      wrongToken: 'The token is wrong: it is not the ADMIN_TOKEN of this service.',
      changed: 'Nothing was done: it has changed. The list was loaded again.',
      missing: 'Nothing was done: it is not there any more, or there is no such user. The list was loaded again.',
      gone: 'No picture: it has changed, or is not there any more. Load the list again.',
      busy: 'Too many requests. Try again in a minute.',
      unavailable: 'The service cannot answer now. Try again later.',
      unreachable: 'The service cannot be reached. Check the network and try again.',
      refused: 'The service refuses the request: ',
    };

const byId = id => document.getElementById(id);
const [message, login, view, items, more, dialog] = ['message', 'login', 'view', 'items', 'more', 'dialog'].map(byId);
const question = dialog.querySelector('form');

document.documentElement.lang = language;
document.title = words.heading;
for (const place of document.querySelectorAll('[data-word]')) place.textContent = words[place.dataset.word];
for (const reason of Object.keys(reasons)) question.elements.reason.add(new Option(reasons[reason], reason));

// --- The service ---

/** The storage of this tab. Where it is forbidden, a reload asks for the token again. */
let storage;
try {
  storage = sessionStorage;
} catch {
  storage = undefined;
}

/** Who works here: { name, token }. */
let operator = JSON.parse(storage?.getItem('onestroke.admin') ?? null);

/** An answer that is not a success. */
class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function call(path, method = 'GET', body = undefined) {
  const response = await fetch(`v1/admin/${path}`, {
    method,
    headers: { Authorization: `Bearer ${operator.token}`, ...(body && { 'Content-Type': 'application/json' }) },
    body: body && JSON.stringify({ ...body, by: operator.name }),
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({})); // what is in between may answer something else
  throw new Refusal(response.status, problem.detail ?? String(response.status));
}

function explain(error) {
  if (!(error instanceof Refusal)) return words.unreachable;
  if (error.status === 401) return words.wrongToken;
  if (error.status === 404) return words.missing;
  if (error.status === 412) return words.changed;
  if (error.status === 429) return words.busy;
  if (error.status >= 500) return words.unavailable;
  return words.refused + error.message;
}

function say(text, failed = false) {
  message.textContent = text;
  message.classList.toggle('failed', failed);
}

/** Shows an error. With a token that is wrong nothing else can be done. */
function fail(error) {
  if (error.status === 401) leave();
  say(explain(error), true);
}

// --- Log in and out ---

login.addEventListener('submit', event => {
  event.preventDefault();
  const [name, token] = [login.elements.name.value.trim(), login.elements.token.value.trim()];
  if (!/^[\x21-\x7e]+$/.test(token)) {
    say(words.wrongToken, true); // no header can have it
    return;
  }
  operator = { name, token };
  storage?.setItem('onestroke.admin', JSON.stringify(operator));
  open('checks');
});

byId('leave').addEventListener('click', () => {
  leave();
  say('');
});

function leave() {
  operator = null;
  storage?.removeItem('onestroke.admin');
  shown = null;
  dialog.close();
  items.replaceChildren();
  login.elements.token.value = '';
  arrange();
  login.elements[login.elements.name.value ? 'token' : 'name'].focus();
}

function arrange() {
  login.hidden = Boolean(operator);
  view.hidden = byId('views').hidden = !operator;
}

// --- Lists ---

const views = { checks: showCheck, shares: showCheck, suspensions: showSuspension, trail: showEntry };

/** The list that is shown: { name, user, cursor }. Another one, or the same anew, is another object. */
let shown = null;

for (const button of document.querySelectorAll('[data-view]'))
  button.addEventListener('click', () => open(button.dataset.view));
more.addEventListener('click', async () => {
  const last = items.lastElementChild;
  say('');
  await load();
  (last ? last.nextElementSibling : items.firstElementChild)?.focus();
});

/** Shows a list from its begin; user is whose shares are listed. */
async function open(name, text = '', user = undefined) {
  shown = { name, user };
  say(text);
  arrange();
  for (const button of document.querySelectorAll('[data-view]'))
    button.ariaCurrent = button.dataset.view === name ? 'page' : null;
  byId('title').textContent = sentence(words[name], user);
  byId('hint').textContent = words[`${name}Hint`];
  byId('suspend').hidden = name !== 'suspensions';
  if (items.contains(document.activeElement)) byId('title').focus();
  items.replaceChildren();
  await load();
}

/** Shows the next page of the list. */
async function load() {
  const list = shown;
  more.hidden = true;
  view.ariaBusy = 'true';
  try {
    const query = new URLSearchParams({ limit: '20', ...(list.cursor && { cursor: list.cursor }) });
    const path = list.user ? `users/${list.user}/checks` : list.name;
    const page = await (await call(`${path}?${query}`)).json();
    if (list !== shown) return;
    list.cursor = page.nextCursor;
    for (const item of page.items) items.append(views[list.name](item));
    await settle();
  } catch (error) {
    if (list !== shown) return;
    more.hidden = false; // tries again
    fail(error);
  } finally {
    if (list === shown) view.ariaBusy = 'false';
  }
}

/** Says whether there is more, and loads it if nothing is left of what was shown. */
async function settle() {
  more.hidden = !shown.cursor;
  if (items.childElementCount) return;
  if (shown.cursor) await load();
  else say(message.textContent ? `${message.textContent} ${words.nothing}` : words.nothing);
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter(Boolean));
  return made;
}

/** A list of names and values, without those that have no value. */
function facts(...pairs) {
  const filled = pairs.filter(([, value]) => value);
  return element('dl', {}, ...filled.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));
}

const button = (action, onclick) =>
  element(
    'button',
    { type: 'button', onclick, className: /take_down|suspend/.test(action) ? 'danger' : '' },
    words[action],
  );
const card = (...children) => element('li', { tabIndex: -1 }, ...children);
const moment = at => new Date(at).toLocaleString(navigator.language);
const sentence = (...parts) => parts.filter(Boolean).join(' · ');

/** How many reports of a thing are counted at most. */
const maxReports = 200;

function showCheck(check) {
  const { kind, user, id, version } = check;
  const path = `checks/${kind}/${user}/${id}`;
  const name = `${words.kinds[kind] ?? kind} · ${check.text ?? words.untitled}`;
  const decide = (action, hasReason) =>
    button(action, () =>
      ask(
        action,
        name,
        hasReason,
        answer => call(`${path}/decisions`, 'POST', { action, version, ...answer }),
        () => finish(decided, action, name),
      ),
    );
  const picture = element('div', { className: 'picture' });
  const decided = card(
    element('h3', {}, name),
    picture,
    facts(
      [words.state, sentence(words.states[check.state] ?? check.state, words.reasons[check.reason] ?? check.reason)],
      [words.reports, check.reportCount && check.reportCount + (check.reportCount < maxReports ? '' : words.orMore)],
      ...check.reports.map(({ reason, note, at }) => [
        words.report,
        sentence(words.reasons[reason] ?? reason, note, moment(at)),
      ]),
      [words.user, user],
    ),
    element(
      'div',
      { className: 'buttons' },
      decide('approve', false),
      decide('refuse', true),
      decide('take_down', true),
      button('suspend', () => suspend(user, true)),
      !shown.user && button('shares', () => open('shares', '', user)),
    ),
  );
  if (check.changed) picture.textContent = words.hidden;
  if (check.hasPicture) showPicture(picture, `${path}/picture?version=${version}`, words.picture + name);
  return decided;
}

/** An img cannot send the token, so the picture is fetched. */
async function showPicture(place, path, alt) {
  place.textContent = words.loading;
  try {
    const src = URL.createObjectURL(await (await call(path)).blob());
    const image = element('img', { src, alt });
    image.onload = image.onerror = () => URL.revokeObjectURL(src);
    place.replaceChildren(image);
  } catch (error) {
    if (operator) place.textContent = error.status === 404 ? words.gone : explain(error);
  }
}

function showSuspension({ user, at, by, note }) {
  return card(
    element('h3', {}, user),
    facts([words.at, moment(at)], [words.by, by], [words.why, note]),
    element(
      'div',
      { className: 'buttons' },
      button('lift', () => suspend(user, false)),
      button('shares', () => open('shares', '', user)),
    ),
  );
}

function showEntry({ at, by, action, outcome, user, kind, id, version, reason, note }) {
  return card(
    element('h3', {}, words[action] ?? action),
    facts(
      [words.at, moment(at)],
      [words.by, by],
      [words.outcome, words.outcomes[outcome] ?? outcome],
      [words.what, kind && sentence(words.kinds[kind] ?? kind, id)],
      [words.version, version],
      [words.user, user],
      [words.reason, words.reasons[reason] ?? reason],
      [words.why, note],
    ),
  );
}

// --- Actions ---

byId('suspend').addEventListener('submit', event => {
  event.preventDefault();
  suspend(event.target.elements.user.value.trim(), true);
});
byId('show').addEventListener('click', () => {
  if (byId('suspend').reportValidity()) open('shares', '', byId('suspend').elements.user.value.trim());
});

function suspend(user, suspended) {
  const action = suspended ? 'suspend' : 'lift';
  const done = `${words.done}${words[action]} · ${user}`;
  ask(
    action,
    user,
    false,
    answer => call(`users/${user}/suspension`, 'PUT', { suspended, ...answer }),
    () => (shown.name === 'suspensions' ? open('suspensions', done) : say(done)),
  );
}

/** Takes away what was decided; a user's list is shown anew, with the new states. */
async function finish(done, action, name) {
  if (shown.user) return open(shown.name, `${words.done}${words[action]} · ${name}`, shown.user);
  const next = done.nextElementSibling ?? done.previousElementSibling ?? message;
  say(`${words.done}${words[action]} · ${name}`);
  done.remove();
  next.focus();
  await settle();
}

/** Asks why, and sends the answer. Nothing behind the question can have the focus: it is closed before what comes after. */
function ask(action, about, hasReason, send, after) {
  question.reset();
  byId('question').textContent = `${words[action]} · ${about}`;
  byId('consequence').textContent = words.consequences[action];
  byId('confirm').textContent = words[action];
  byId('failure').textContent = '';
  byId('reason').hidden = !hasReason;
  question.onsubmit = async event => {
    event.preventDefault();
    const { reason, note } = question.elements;
    setSending(true);
    try {
      await send({ note: note.value.trim(), ...(hasReason && { reason: reason.value }) });
      dialog.close();
      after();
    } catch (error) {
      if (error.status === 401) fail(error);
      else if (error.status === 404 || error.status === 412) {
        dialog.close();
        await open(shown.name, explain(error), shown.user);
      } else byId('failure').textContent = explain(error);
    } finally {
      setSending(false);
    }
  };
  dialog.showModal();
}

byId('cancel').addEventListener('click', () => dialog.close());
dialog.addEventListener('cancel', event => byId('cancel').disabled && event.preventDefault());

/** While an answer is sent its question stays: an outcome that arrives late would close another one. */
function setSending(sending) {
  byId('confirm').disabled = byId('cancel').disabled = sending;
  dialog.closedBy = sending ? 'none' : 'closerequest'; // a second Esc closes it without asking
}

if (operator) open('checks');
else {
  arrange();
  login.elements.name.focus();
}
