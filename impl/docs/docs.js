'use strict';

const login = document.getElementById('login');
const simulated = Boolean(login.elements.user);
const search = document.getElementById('search');
const operations = Array.from(document.querySelectorAll('.operation'));

// Where storage is forbidden or full, what is remembered ends with the page.
function recall(storage, key) {
  try {
    return window[storage].getItem(key);
  } catch {
    return null;
  }
}

function keep(storage, key, value) {
  try {
    window[storage].setItem(key, value);
  } catch {
    // it works without
  }
}

/** The user's name, where WeChat is simulated, and the token. They survive a reload. */
const session = JSON.parse(recall('sessionStorage', 'onestroke.docs') || '{}');

function remember(changes) {
  Object.assign(session, changes);
  keep('sessionStorage', 'onestroke.docs', JSON.stringify(session));
  sayLogin();
}

// --- Language ---

speak(recall('localStorage', 'onestroke.language') || (navigator.language.startsWith('zh') ? 'zh' : 'en'));
document.getElementById('language').addEventListener('click', () => {
  const other = isChinese() ? 'en' : 'zh';
  keep('localStorage', 'onestroke.language', other);
  speak(other);
  for (const place of document.querySelectorAll('.ui')) {
    const details = place.parentElement;
    place.replaceWith(place.cloneNode());
    if (details.open) show(details);
  }
});

function isChinese() {
  return document.documentElement.lang === 'zh-CN';
}

function speak(language) {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  sayLogin();
  find();
}

function sayLogin() {
  const output = login.querySelector('output');
  if (!session.token) output.value = '';
  else if (simulated) output.value = (isChinese() ? '已登录：' : 'Logged in as ') + session.user;
  else output.value = isChinese() ? '请求会带上这个 token' : 'Requests have this token';
}

// --- Search ---

search.addEventListener('input', find);
document.addEventListener('keydown', event => {
  if (event.key !== '/' || event.target.closest('input, textarea, select')) return;
  event.preventDefault();
  search.focus();
});

function find() {
  const wanted = search.value.trim().toLowerCase();
  for (const operation of operations) {
    const text = `${operation.id} ${operation.querySelector('summary').textContent}`;
    operation.hidden = !text.toLowerCase().includes(wanted);
  }
  for (const section of document.querySelectorAll('section'))
    section.hidden = !section.querySelector('.operation:not([hidden])');
  const nothing = operations.every(operation => operation.hidden);
  document.getElementById('nothing').textContent = nothing ? (isChinese() ? '没有找到' : 'Nothing found') : '';
}

// --- Operations ---

for (const details of document.querySelectorAll('details'))
  details.addEventListener('toggle', () => details.open && show(details));
addEventListener('hashchange', openNamed);
openNamed();

function openNamed() {
  const details = document.getElementById(location.hash.slice(1));
  if (details?.matches('details')) {
    details.open = true;
    details.scrollIntoView();
  }
}

/** Swagger UI and the contract, loaded when the first operation is opened. */
let loaded;
function load() {
  const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/docs/swagger-ui.css' });
  const script = Object.assign(document.createElement('script'), { src: '/docs/swagger-ui-bundle.js' });
  const ready = [style, script].map(element => new Promise((resolve, reject) => element.addEventListener('load', resolve) || element.addEventListener('error', reject)));
  document.head.prepend(style); // the page's own styles have the last word
  document.head.append(script);
  const contract = fetch('/openapi.json').then(answer => (answer.ok ? answer.json() : Promise.reject(answer.status)));
  return Promise.all([contract, ...ready]).then(([contract]) => contract);
}

/** A part of the contract in Chinese, where it has x-description-zh and the like. */
function inChinese(part) {
  if (typeof part !== 'object' || part === null) return part;
  if (Array.isArray(part)) return part.map(inChinese);
  const translated = Object.entries(part).map(([name, value]) => {
    const chinese = part[`x-${name}-zh`];
    return [name, typeof chinese === 'string' ? joined(chinese) : inChinese(value)];
  });
  return Object.fromEntries(translated);
}

/** A text without the line breaks between Chinese characters, which would be shown as spaces. */
function joined(text) {
  return text.replace(/(?<=[^\0-\x7f])\n(?=[^\0-\x7f])/g, '');
}

async function show(details) {
  const place = details.querySelector('.ui');
  if (place.children.length) return;
  place.setAttribute('aria-busy', 'true');
  place.textContent = '';
  let original;
  try {
    original = await (loaded ??= load());
  } catch {
    loaded = undefined; // opened again, it is tried again
    place.removeAttribute('aria-busy');
    place.textContent = isChinese() ? '网络不通，请稍后再打开。' : 'No network. Open it again later.';
    return;
  }
  const contract = isChinese() ? inChinese(original) : original;
  const { method, path } = details.dataset;
  // Requests go to the service that served this page, not to the server in the contract.
  const spec = { ...contract, servers: [{ url: '/' }], tags: [], paths: {} };
  let ofOthers = false; // only WeChat's servers can sign it, or it takes the token of operators
  if (path) {
    const moved = pathOf(contract, details.id);
    ofOthers = contract.paths[moved][method].tags.some(tag => tag === 'wechat' || tag === 'operator');
    spec.info = { title: '', version: '' };
    spec.paths = { [moved]: { [method]: operationOf(contract, contract.paths[moved][method]) } };
  }
  new MutationObserver(() => label(details, place)).observe(place, { childList: true, subtree: true });
  SwaggerUIBundle({
    spec,
    domNode: place,
    docExpansion: 'full',
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    tryItOutEnabled: !ofOthers,
    ...(ofOthers && { supportedSubmitMethods: [] }),
    validatorUrl: null,
    requestInterceptor: request => prepare(contract, details.id, request),
    onComplete: () => place.removeAttribute('aria-busy'),
  });
}

/** The path of an operation. Those of 2017 may have been moved. */
function pathOf(contract, id) {
  return Object.keys(contract.paths).find(path =>
    Object.values(contract.paths[path]).some(operation => operation.operationId === id));
}

/**
 * The operation as it is tried: the page adds the token, and optional parameters are empty, or a conditional request would
 * ask for the version of the example. A PUT replaces any version. The headers of 2017 are left out, as the introduction has
 * them.
 */
function operationOf(contract, operation) {
  const all = (operation.parameters || []).map(parameter => resolved(contract, parameter));
  const parameters = all.filter(({ name }) => !name.startsWith('X-WX-')).map(({ example, ...rest }) => {
    if (rest.required) return { ...rest, example };
    const { example: _, ...schema } = resolved(contract, rest.schema);
    const replaces = operation.operationId === 'putDrawing' && rest.name === 'If-Match';
    return { ...rest, schema, ...(replaces && { example: '*' }) };
  });
  const responses = Object.entries(operation.responses).map(([status, response]) => [status, briefly(contract, response)]);
  const form = operation.requestBody?.content['multipart/form-data'];
  // The page sends a picture of its own if no file is chosen.
  const requestBody = form
    ? { content: { 'multipart/form-data': { schema: { ...resolved(contract, form.schema), required: [] } } } }
    : operation.requestBody;
  return { ...operation, parameters, requestBody, responses: Object.fromEntries(responses), security: [] };
}

/** A response without what all have in common: three headers, and the form of errors, which the introduction describes. */
function briefly(contract, response) {
  const { description, content, headers = {} } = resolved(contract, response);
  if (content?.['application/problem+json']) return { description };
  const own = Object.entries(headers).filter(([name]) => !['X-Request-Id', 'RateLimit', 'RateLimit-Policy'].includes(name));
  return { description, content, headers: Object.fromEntries(own) };
}

/** What a reference names, or the object itself if it is none. */
function resolved(contract, object) {
  return object.$ref ? object.$ref.slice(2).split('/').reduce((part, name) => part[name], contract) : object;
}

/** Names for screen readers what Swagger UI does not name, and lets keys scroll its boxes. */
function label(details, place) {
  const attributes = {
    'textarea.body-param__text': { 'aria-label': 'Body' },
    'select:not([aria-label])': { 'aria-label': 'Choice' },
    'button:empty, .copy-to-clipboard button': { 'aria-label': 'Copy' },
    'pre.microlight': { tabindex: '0' },
    '.opblock-section-header h4, .opblock-section h4, .responses-inner h4': { role: 'heading', 'aria-level': '3' },
    '.responses-inner h5': { role: 'heading', 'aria-level': '4' },
    'table[role="region"]': { 'aria-label': `Responses of ${details.id}` },
  };
  for (const [selector, values] of Object.entries(attributes))
    for (const element of place.querySelectorAll(selector))
      for (const [name, value] of Object.entries(values))
        if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// --- Login ---

login.addEventListener('submit', async event => {
  event.preventDefault();
  if (!simulated) return remember({ token: login.elements.token.value.trim() });
  try {
    await logIn(login.elements.user.value);
  } catch (error) {
    const unreachable = isChinese() ? '网络不通，请稍后再试。' : 'No network. Try again later.';
    login.querySelector('output').value = error instanceof TypeError ? unreachable : error.message;
  }
});

async function logIn(user) {
  const { token } = await newSession(user);
  remember({ user, token });
}

async function newSession(user) {
  return (await send('POST', '/v1/session', await newCode(user))).content;
}

async function newCode(user) {
  const { content } = await send('POST', '/simulator/login', { user });
  const { code, rawData, signature } = content;
  return { code, rawData, signature };
}

async function send(method, path, body, headers = {}) {
  const answer = await fetch(path, {
    method,
    headers: {
      ...(body && { 'Content-Type': 'application/json' }),
      ...(path.startsWith('/simulator') || !session.token ? {} : { Authorization: `Bearer ${session.token}` }),
      ...headers,
    },
    body: body && JSON.stringify(body),
  });
  const content = answer.status === 204 ? undefined : await answer.json().catch(() => {
    throw new Error(`HTTP ${answer.status}`); // of a proxy
  });
  if (!answer.ok && method !== 'GET') throw new Error(content.detail ?? content.errmsg);
  return { ok: answer.ok, content };
}

/**
 * Prepares a request. With a simulated login, what it needs exists when it arrives, whatever was tried before: the session,
 * the drawing of the examples, its share, another session.
 */
async function prepare(contract, id, request) {
  const operation = contract.paths[pathOf(contract, id)];
  if (!operation) return request; // Swagger UI's own
  // What cannot be provided is missing, or invalid: the answer to the request itself says so.
  if (simulated && session.user) await provide(contract, id, request).catch(() => {});
  if (session.token && id !== 'logIn') request.headers.Authorization = `Bearer ${session.token}`;
  return request;
}

async function provide(contract, id, request) {
  const { DrawingId, ShareToken } = contract.components.parameters;
  const drawing = `/v1/drawings/${DrawingId.example}`;
  const bodyOf = of => Object.values(contract.paths[pathOf(contract, of)]).find(({ operationId }) => operationId === of)
    .requestBody.content['application/json'];
  const exampleOf = of => bodyOf(of).example ?? Object.values(bodyOf(of).examples)[0].value;

  if (id === 'logIn') {
    if (JSON.parse(request.body).code === exampleOf('logIn').code)
      request.body = JSON.stringify(await newCode(session.user));
    return;
  }
  if (!(await send('GET', '/v1/session')).ok) await logIn(session.user);
  const save = async () => {
    if (!(await send('GET', drawing)).ok)
      await send('PUT', drawing, exampleOf('putDrawing'), { 'If-None-Match': '*' });
  };
  if (request.url.includes(DrawingId.example)) await save();
  if (id === 'getShare' || id === 'getShareCode') await send('PUT', `${drawing}/share`);
  if (request.url.includes(ShareToken.example)) {
    await save();
    const { content } = await send('PUT', `${drawing}/share`);
    request.url = request.url.replace(ShareToken.example, content.token);
  }
  if (id === 'endSession') {
    await newSession(session.user);
    const { content } = await send('GET', '/v1/sessions');
    const { example } = contract.paths['/v1/sessions/{id}'].delete.parameters.find(({ name }) => name === 'id');
    request.url = request.url.replace(example, content.items.find(({ current }) => !current).id);
  }
  if (id === 'uploadAvatar' && !request.body?.get('avatar')?.size) request.body = await avatarForm();
  if (id === 'getSharedAvatar') {
    const headers = { Authorization: `Bearer ${session.token}` };
    await fetch('/v1/profile/avatar', { method: 'POST', headers, body: await avatarForm() });
  }
  if (id === 'deletePaint') await send('POST', pathOf(contract, 'savePaint'), exampleOf('savePaint'));
}

/** A form with a picture, as wx.uploadFile sends it. */
async function avatarForm() {
  const picture = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
  picture.getContext('2d').fillRect(0, 0, 64, 64);
  const form = new FormData();
  form.append('avatar', await new Promise(resolve => picture.toBlob(resolve)), 'avatar.png');
  return form;
}
