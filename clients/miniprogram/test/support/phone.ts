import * as glassEasel from 'glass-easel';
import { type CodeSpace, MiniProgramEnv } from 'glass-easel-miniprogram-adapter';
import { createWx, type Host, type System } from './wx.ts';

/** A mini program, compiled. Paths have no extension. */
export interface Program {
  /** CommonJS. */
  modules: Record<string, string>;
  /** An expression whose value has a function for each template. */
  templates: string;
  /** CSS. */
  styles: Record<string, string>;
  /** What is in the JSON files. */
  configs: Record<string, object>;
}

export interface Point {
  x: number;
  y: number;
}

/** An open page. */
export interface OpenPage {
  route: string;
  options: Record<string, string>;
  [member: string]: any;
}

/** What stands for the element that a mini program calls by this name. */
const elements: Record<string, string> = { button: 'wx-button', image: 'img', slider: 'input' };

/** Names of a browser that a mini program's code does not see. */
const absent = [
  'window',
  'document',
  'navigator',
  'location',
  'localStorage',
  'fetch',
  'Request',
  'Response',
  'Headers',
  'XMLHttpRequest',
  'URL',
  'URLSearchParams',
  'AbortController',
  'TextDecoder',
];

/**
 * Runs a mini program in this window, jsdom's or a browser's: its pages under
 * WeChat's own component framework, the rest as a phone does it. Tests see and do
 * what a person with a screen reader would: they name things by their labels.
 */
export class Phone {
  readonly wx: ReturnType<typeof createWx>;
  readonly pages: OpenPage[] = [];
  /** What reached nobody: errors that a developer tool would show in red. */
  readonly errors: string[] = [];
  /** The most bytes that were in one `setData`. */
  written = 0;
  private readonly screens: { element: HTMLElement; root: glassEasel.GeneralComponent; title: string }[] = [];
  private readonly modules = new Map<string, { exports: object }>();
  private readonly space: CodeSpace;
  private readonly backend: ReturnType<MiniProgramEnv['associateBackend']>;
  private readonly templates: Record<string, unknown>;
  private app: Record<string, any> = {};

  constructor(
    private readonly program: Program,
    host: Host,
    system: System,
  ) {
    const env = new MiniProgramEnv();
    this.backend = env.associateBackend(new Backend(this));
    this.space = env.createCodeSpace('', true);
    this.templates = new Function(`return ${program.templates}`)() as Record<string, unknown>;
    this.wx = createWx(this, host, system);
    glassEasel.addGlobalErrorListener(error => void this.errors.push(String((error as Error).stack)));
    glassEasel.addGlobalWarningListener(warning => void this.errors.push(String(warning)));
    window.addEventListener('error', ({ message }) => void this.errors.push(message));
    window.addEventListener('unhandledrejection', ({ reason }) => void this.errors.push(String(reason)));
  }

  /** Starts the program as a tap on its icon does, or on a card with the path of a page. */
  launch(url?: string): void {
    const { pages } = this.program.configs['app'] as { pages: string[] };
    this.load('app', { App: (app: object) => (this.app = app) });
    this.app['onLaunch']?.({ path: url || pages[0] });
    this.app['onShow']?.({ path: url || pages[0] });
    this.open(url || `/${pages[0]}`);
  }

  get top(): OpenPage {
    return this.pages[this.pages.length - 1]!;
  }

  navigateTo(url: string): void {
    if (this.pages.length >= 10) throw new Error('webview count limit exceed');
    this.cover();
    this.open(url);
  }

  navigateBack(delta = 1): void {
    for (let i = 0; i < delta && this.pages.length > 1; i++) this.close();
    this.show();
  }

  redirectTo(url: string): void {
    this.close();
    this.open(url);
  }

  reLaunch(url: string): void {
    while (this.pages.length) this.close();
    this.open(url);
  }

  /** Puts the program in the background, as the home button does, and back. */
  hide(): void {
    this.cover();
    this.app['onHide']?.();
  }

  unhide(): void {
    this.app['onShow']?.({});
    this.show();
  }

  /** Pulls the page down, if it lets that be done to it. */
  pullDown(): void {
    if ((this.configOf(this.top.route) as { enablePullDownRefresh?: boolean }).enablePullDownRefresh)
      this.top['onPullDownRefresh']?.();
  }

  reachBottom(): void {
    this.top['onReachBottom']?.();
  }

  /** The card that is sent from the menu of the page, or from the button with this label. */
  async share(label?: string): Promise<{ title: string; path: string; imageUrl?: string }> {
    const button = label && this.find(label);
    if (button && button.getAttribute('open-type') !== 'share') throw new Error(`${label} does not share`);
    const { promise, ...card } = this.top['onShareAppMessage'](
      button ? { from: 'button', target: { dataset: this.elementOf(button).dataset } } : { from: 'menu' },
    );
    return { ...card, ...(await promise) };
  }

  /** What is shown in Moments when the page is shared there. */
  timeline(): { title: string; query: string } {
    return this.top['onShareTimeline']();
  }

  /** Chooses a picture, a file of the phone, with WeChat's component for avatars. */
  chooseAvatar(label: string, avatarUrl: string): void {
    const button = this.find(label);
    if (button.getAttribute('open-type') !== 'chooseAvatar') throw new Error(`${label} does not choose an avatar`);
    if (!this.wx.privacy.agreed) throw new Error('chooseAvatar:fail privacy permission is not authorized');
    this.elementOf(button).triggerEvent('chooseavatar', { avatarUrl });
  }

  /** Writes into a field. */
  write(label: string, text: string): void {
    const input = this.find(label) as HTMLInputElement;
    if (input.getAttribute('type') === 'nickname' && !this.wx.privacy.agreed)
      throw new Error('the field cannot be used: privacy permission is not authorized');
    input.value = text;
    input.dispatchEvent(new Event('input'));
  }

  /** Sends the form around a button, with the values of its fields. */
  submit(button: HTMLElement): void {
    const form = button.closest('form')!;
    const fields = Array.from(form.querySelectorAll('input'), field => [field.getAttribute('name')!, field.value]);
    this.elementOf(form).triggerEvent('submit', { value: Object.fromEntries(fields) });
  }

  /** Everything that can be read, one space between. */
  text(): string {
    return this.screen.textContent!.replace(/\s+/g, ' ').trim();
  }

  /** The titles, roles and labels that a screen reader says, in order; what can be tapped and has none is `?`. */
  labels(): string[] {
    const said = '[aria-role], [aria-label], wx-button, input, img, canvas';
    return Array.from(this.screen.querySelectorAll<HTMLElement>(`:is(${said}):not([aria-hidden=true])`), element => {
      const name = element.getAttribute('aria-label') || element.textContent!.trim() || '?';
      return `${element.getAttribute('aria-role') || element.localName.replace('wx-', '')} ${name}`;
    });
  }

  has(label: string): boolean {
    return !!this.all(label).length;
  }

  count(selector: string): number {
    return this.screen.querySelectorAll(selector).length;
  }

  attribute(label: string, name: string): string | null {
    return this.find(label).getAttribute(name);
  }

  box(label: string): { x: number; y: number; width: number; height: number } {
    const { x, y, width, height } = this.find(label).getBoundingClientRect();
    return { x, y, width, height };
  }

  /** Taps, or taps more often before the screen can change. */
  tap(label: string, times = 1): void {
    const element = this.find(label);
    for (let i = 0; i < times; i++) {
      this.touch('touchstart', element, { x: 0, y: 0 });
      this.touch('touchend', element, { x: 0, y: 0 });
    }
  }

  longPress(label: string): void {
    const element = this.find(label);
    this.elementOf(element).triggerEvent('longpress', {}, { bubbles: true, composed: true });
  }

  /** Moves a finger over what has this label; the points are relative to it. */
  swipe(label: string, points: Point[], end: 'touchend' | 'touchcancel' = 'touchend'): void {
    const element = this.find(label);
    points.forEach((point, i) => this.touch(i ? 'touchmove' : 'touchstart', element, point));
    this.touch(end, element, points[points.length - 1]!);
  }

  /** Moves a slider, and lets go of it. */
  slide(label: string, value: number): void {
    const input = this.find(label) as HTMLInputElement;
    input.value = String(value);
    input.dispatchEvent(new Event('input'));
    input.dispatchEvent(new Event('change'));
  }

  setTitle(title: string): void {
    this.screens[this.screens.length - 1]!.title = title;
    this.showBar();
  }

  /** The title in the navigation bar. */
  title(): string {
    return document.querySelector('#navigation-bar')!.textContent!;
  }

  /** The screen of an open page, for `wx.createSelectorQuery`. */
  select(
    selector: string,
    component: { _$: glassEasel.GeneralComponent } = this.top as never,
  ): HTMLElement | undefined {
    const found = component._$.getShadowRoot()!.querySelector(selector);
    return found ? (found.getBackendElement() as unknown as HTMLElement) : undefined;
  }

  private get screen(): HTMLElement {
    return this.screens[this.screens.length - 1]!.element;
  }

  private get root(): glassEasel.GeneralComponent {
    return this.screens[this.screens.length - 1]!.root;
  }

  private open(url: string): void {
    const [path = '', query = ''] = url.replace(/^\//, '').split('?');
    if (!(this.program.configs['app'] as { pages: string[] }).pages.includes(path))
      throw new Error(`page "${path}" is not found`);
    this.define(path);
    const element = document.body.appendChild(document.createElement('div'));
    const root = this.backend.createRoot('page-root', this.space, path);
    const page = root.get() as unknown as OpenPage;
    page.route = path;
    this.watchData(page);
    page.options = Object.fromEntries(
      query
        .split('&')
        .filter(Boolean)
        .map(pair => pair.split('=') as [string, string]),
    );
    this.pages.push(page);
    this.screens.push({
      element,
      root: root.getComponent(),
      title: (this.configOf(path) as { navigationBarTitleText: string }).navigationBarTitleText,
    });
    root.attach(element as never, element.appendChild(document.createElement('div')) as never);
    page['onLoad']?.(page.options);
    this.show();
    for (const inside of element.querySelectorAll<HTMLElement>('*')) {
      const component = this.elementOf(inside);
      if (component && glassEasel.Component.isComponent(component)) component.triggerLifetime('ready', []);
    }
    page['onReady']?.();
  }

  /** As in WeChat, one `setData` takes 1 MB. `written` has the size of the largest. */
  private watchData(page: OpenPage): void {
    const setData = page['setData'] as (data: object) => void;
    page['setData'] = (data: object) => {
      const { size } = new Blob([JSON.stringify(data)]);
      this.written = Math.max(this.written, size);
      if (size > 1024 * 1024) throw new Error(`setData:fail ${size} bytes exceed 1024 KB`);
      setData.call(page, data);
    };
  }

  private close(): void {
    this.pages.pop()!['onUnload']?.();
    const { element, root } = this.screens.pop()!;
    glassEasel.Element.pretendDetached(root);
    element.remove();
  }

  private show(): void {
    this.setStyles();
    this.showBar();
    this.top['onShow']?.();
    this.root.triggerPageLifetime('show', []);
  }

  private showBar(): void {
    document.querySelector('#navigation-bar')!.textContent = this.screens[this.screens.length - 1]!.title;
  }

  private cover(): void {
    this.top['onHide']?.();
    this.root.triggerPageLifetime('hide', []);
  }

  /** Defines a page or component, and those it uses, as its files say. */
  private define(path: string): void {
    if (this.modules.has(path)) return;
    const config = (this.program.configs[path] || {}) as { usingComponents?: Record<string, string> };
    for (const component of this.usedBy(path)) this.define(component);
    this.space.addComponentStaticConfig(path, config as never);
    this.space.addStyleSheet(path, undefined, path.split('/').pop());
    this.space.addCompiledTemplate(path, { groupList: this.templates, content: this.templates[path] } as never);
    this.space.componentEnv(path, ({ Page, Component }) => this.load(path, { Page, Component }));
  }

  private usedBy(path: string): string[] {
    const { usingComponents = {} } = (this.program.configs[path] || {}) as { usingComponents?: Record<string, string> };
    return Object.values(usingComponents).map(component => component.replace(/^\//, ''));
  }

  private load(path: string, given: object = {}): object {
    const loaded = this.modules.get(path);
    if (loaded) return loaded.exports;
    const code = this.program.modules[path];
    if (code === undefined) throw new Error(`module '${path}.js' is not defined`);
    const module = { exports: {} };
    this.modules.set(path, module);
    const scope: Record<string, unknown> = {
      ...Object.fromEntries(absent.map(name => [name, undefined])),
      ...given,
      wx: this.wx,
      getApp: () => this.app,
      getCurrentPages: () => this.pages.slice(),
      module,
      exports: module.exports,
      require: (name: string) => this.load(/^[./]/.test(name) ? resolve(path, name) : `miniprogram_npm/${name}/index`),
    };
    new Function(...Object.keys(scope), `${code}\n//# sourceURL=${path}.js`)(...Object.values(scope));
    return module.exports;
  }

  /** As in WeChat, a page has the app's styles and its own, a component its own under a prefix. */
  private setStyles(): void {
    const { route } = this.top;
    const { styles } = this.program;
    const components = this.usedBy(route).map(path => {
      const prefix = path.split('/').pop();
      return (styles[path] || '')
        .replace(/\.(?=[a-z][\w-]*[^{}]*\{)/g, `.${prefix}--`)
        .replace(/:host/g, `[wx-host=${prefix}]`);
    });
    document.querySelector('#wxss')!.textContent = [styles['app'], ...components, styles[route]].join('\n');
    this.screens.forEach(({ element }) => (element.hidden = element !== this.screen));
  }

  private configOf(path: string): object {
    return { ...(this.program.configs['app'] as { window: object }).window, ...this.program.configs[path] };
  }

  private all(label: string): HTMLElement[] {
    const elements = Array.from(this.screen.querySelectorAll<HTMLElement>('*'));
    const labelled = elements.filter(element => element.getAttribute('aria-label') === label);
    return labelled.length
      ? labelled
      : elements.filter(
          element =>
            element.textContent!.trim() === label &&
            !Array.from(element.children).some(child => child.textContent!.trim() === label),
        );
  }

  private find(label: string): HTMLElement {
    const [found] = this.all(label);
    if (!found) throw new Error(`nothing is labelled ${label}; there are: ${this.labels().join(', ')}; ${this.text()}`);
    return found;
  }

  private elementOf(element: HTMLElement): glassEasel.Element {
    return (element as unknown as { __wxElement: glassEasel.Element }).__wxElement;
  }

  private touch(type: string, element: HTMLElement, { x, y }: Point): void {
    const { left, top } = element.getBoundingClientRect();
    const touch = {
      identifier: 0,
      target: element,
      clientX: left + x,
      clientY: top + y,
      pageX: left + x,
      pageY: top + y,
    };
    element.dispatchEvent(
      Object.assign(new Event(type, { bubbles: true, composed: true, cancelable: true }), {
        touches: type === 'touchstart' || type === 'touchmove' ? [touch] : [],
        changedTouches: [touch],
      }),
    );
  }
}

/** The window as a mini program's view layer: its elements, and its events with the touches in them. */
class Backend extends glassEasel.CurrentWindowBackendContext {
  constructor(phone: Phone) {
    super();
    this.document = {
      createElement: (name: string) => createElement(name),
      createTextNode: (text: string) => document.createTextNode(text),
      createDocumentFragment: () => document.createDocumentFragment(),
    } as unknown as typeof this.document;
    this.onEvent((target, type, detail: object, options) => {
      const { originalEvent } = options as { originalEvent: Event };
      const element = originalEvent.target as HTMLInputElement;
      const event = new glassEasel.Event(
        type,
        element.localName === 'input'
          ? { value: element.type === 'range' ? Number(element.value) : element.value }
          : detail,
        { ...options, extraFields: touchesOf(originalEvent) },
      );
      const sharing = type === 'tap' && element.closest<HTMLElement>('wx-button[open-type=share]');
      if (sharing) void phone.share(sharing.textContent!.trim());
      const submitting = type === 'tap' && element.closest<HTMLElement>('wx-button[form-type=submit]');
      if (submitting) phone.submit(submitting);
      target.dispatchEvent(event);
      return event.getEventBubbleStatus();
    });
  }
}

function createElement(name: string): HTMLElement {
  const element = document.createElement(elements[name] || name);
  if (name === 'canvas')
    Object.assign(element, {
      requestAnimationFrame: window.requestAnimationFrame.bind(window),
      cancelAnimationFrame: window.cancelAnimationFrame.bind(window),
      createImage,
    });
  if (name === 'slider') {
    const input = element as HTMLInputElement;
    input.type = 'range';
    input.setAttribute = (attribute, value) => {
      HTMLElement.prototype.setAttribute.call(input, attribute, value);
      if (attribute !== 'type') input.value = input.getAttribute('value') || '0';
    };
    input.addEventListener('input', () => input.dispatchEvent(new Event('changing')));
  }
  return element;
}

/** A picture for a canvas. jsdom loads none, but says so of none. */
function createImage(): object {
  if (!/jsdom/.test(navigator.userAgent)) return new Image();
  const image = { onload() {}, onerror() {} };
  return Object.defineProperty(image, 'src', {
    set: (src: string) =>
      setTimeout(() => (src.startsWith('data:image/png;base64,') ? image.onload() : image.onerror())),
  });
}

/**
 * A mini program's touches are `{identifier, pageX, pageY, clientX, clientY}`, and those on a canvas `{identifier,
 * x, y}`.
 */
function touchesOf(event: Event): Record<string, unknown> {
  const { touches, changedTouches } = event as TouchEvent;
  if (!touches) return {};
  const element = event.target as HTMLElement;
  const { left, top } = element.getBoundingClientRect();
  const convert = (list: TouchList) =>
    Array.from(list, ({ identifier, clientX, clientY, pageX, pageY }) =>
      element.localName === 'canvas'
        ? { identifier, x: clientX - left, y: clientY - top }
        : { identifier, clientX, clientY, pageX, pageY },
    );
  return { touches: convert(touches), changedTouches: convert(changedTouches) };
}

/** `../../client` as it is meant in `pages/draw/draw`. */
function resolve(from: string, name: string): string {
  const parts = name.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part && part !== '.') parts.push(part);
  }
  return parts.join('/');
}
