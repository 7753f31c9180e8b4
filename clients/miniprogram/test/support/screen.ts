import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { JSDOM } from 'jsdom';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { domain, type Network } from './host.ts';
import type { Phone, Program } from './phone.ts';
import { compile } from './program.ts';
import type { System } from './wx.ts';

/** How long tests wait for a condition, in milliseconds: it costs nothing where it comes, and a machine may be slow. */
export const patience = 60_000;

export interface Options {
  system?: Partial<System>;
  program?: Program;
}

/** A phone in a window, of jsdom or of Chromium. */
export abstract class Screen {
  protected readonly system: System;
  protected readonly program: Program;

  constructor(
    readonly network: Network,
    { system, program = programAt(domain) }: Options = {},
  ) {
    this.system = { ...usual, ...system };
    this.program = program;
  }

  /** Starts the program, anew if it runs: what is in storage is still there. */
  abstract launch(url?: string): Promise<void>;
  abstract close(): Promise<void>;
  /** The value of an expression in the window. */
  abstract evaluate<T>(expression: string): Promise<T>;

  /** Calls a method of the phone. */
  call<Name extends Methods>(
    method: Name,
    ...args: Parameters<Phone[Name]>
  ): Promise<Awaited<ReturnType<Phone[Name]>>> {
    return this.evaluate(`phone.${method}(...${JSON.stringify(args)})`);
  }

  /** Calls a method of the phone's `wx`. */
  wx<T>(call: string): Promise<T> {
    return this.evaluate(`phone.wx.${call}`);
  }

  /** Waits until an expression has a value that is true, and gives it. */
  async until<T>(expression: string): Promise<T> {
    for (const end = Date.now() + patience; ; ) {
      const value = await this.evaluate<T>(expression);
      if (value) return value;
      if (Date.now() > end)
        throw new Error(
          `never: ${expression}; on the screen: ${await this.call('text')}; ${(await this.call('labels')).join(', ')}`,
        );
      await setTimeout(10);
    }
  }

  /** Waits until something has this label. */
  see(label: string): Promise<true> {
    return this.until(`phone.has(${JSON.stringify(label)})`);
  }

  async tap(label: string): Promise<void> {
    await this.see(label);
    await this.call('tap', label);
  }

  /** Waits for a question, and answers it. */
  async answer(result?: object): Promise<{ title?: string; content?: string; itemList?: string[] }> {
    const dialog = await this.until<{ title?: string; content?: string; itemList?: string[] }>('phone.wx.dialog()');
    await this.wx(`answer(${JSON.stringify(result)})`);
    return dialog;
  }

  /** Switches the network off or on, which the phone notices. */
  async connect(connected: boolean): Promise<void> {
    this.network.connected = connected;
    await this.wx(`setNetwork(${connected})`);
  }
}

export class JsdomScreen extends Screen {
  private dom: JSDOM | undefined;
  /** Answers for a program that has been killed reach nobody. */
  private launches = 0;

  async launch(url?: string): Promise<void> {
    const stored = this.dom ? Object.entries(this.dom.window.localStorage) : [];
    this.dom?.window.close();
    const { window } = (this.dom = new JSDOM(html, {
      url: address,
      runScripts: 'outside-only',
      pretendToBeVisual: true,
    }));
    for (const [key, value] of stored) window.localStorage.setItem(key, value as string);
    const launch = ++this.launches;
    const whileRunning = <T>(promise: Promise<T>) =>
      new Promise<T>((resolve, reject) =>
        promise.then(
          value => launch === this.launches && resolve(value),
          error => launch === this.launches && reject(error),
        ),
      );
    Object.assign(window, {
      program: this.program,
      system: this.system,
      host: {
        request: (request: never) => whileRunning(this.network.request(request)),
        upload: (request: never) => whileRunning(this.network.upload(request)),
        login: () => whileRunning(this.network.login()),
      },
    });
    // jsdom has neither layout nor pictures.
    window.eval(`
      HTMLCanvasElement.prototype.getBoundingClientRect = () => ({ left: 0, top: 0, right: 300, bottom: 400, width: 300, height: 400, x: 0, y: 0 });
      HTMLCanvasElement.prototype.getContext = () => new Proxy({}, { get: (context, name) => context[name] || (() => {}) });
      ${phone}
      start(program, host, system).launch(${JSON.stringify(url)});`);
  }

  async evaluate<T>(expression: string): Promise<T> {
    const value: unknown = await this.dom!.window.eval(expression);
    return (value === undefined ? value : JSON.parse(JSON.stringify(value))) as T; // or its arrays were another window's
  }

  async close(): Promise<void> {
    this.launches++;
    this.dom?.window.close();
  }
}

export class ChromiumScreen extends Screen {
  private constructor(
    network: Network,
    options: Options,
    private readonly context: BrowserContext,
    readonly page: Page,
  ) {
    super(network, options);
  }

  static async open(
    browser: Browser,
    network: Network,
    { width = 375, height = 812, ...options }: Options & { width?: number; height?: number } = {},
  ): Promise<ChromiumScreen> {
    const { theme } = { ...usual, ...options.system };
    const context = await browser.newContext({
      viewport: { width, height },
      deviceScaleFactor: 2,
      hasTouch: true,
      isMobile: true,
      colorScheme: theme,
    });
    const page = await context.newPage();
    await page.route(address, route => route.fulfill({ contentType: 'text/html; charset=utf-8', body: html }));
    await page.exposeFunction('request', network.request);
    await page.exposeFunction('upload', network.upload);
    await page.exposeFunction('login', network.login);
    return new ChromiumScreen(network, options, context, page);
  }

  async launch(url?: string): Promise<void> {
    await this.page.goto(address);
    await this.page.evaluate(phone);
    await this.page.evaluate(
      `start(${JSON.stringify(this.program)}, { request, upload, login }, ${JSON.stringify(this.system)}).launch(${JSON.stringify(url)})`,
    );
  }

  evaluate<T>(expression: string): Promise<T> {
    return this.page.evaluate<T>(expression);
  }

  /** Moves a finger on the glass, from place to place in pixels of the window, one a frame. */
  async finger(places: { x: number; y: number }[]): Promise<void> {
    const session = await this.context.newCDPSession(this.page);
    for (const [i, place] of places.entries()) {
      await session.send('Input.dispatchTouchEvent', { type: i ? 'touchMove' : 'touchStart', touchPoints: [place] });
      await this.page.evaluate('new Promise(requestAnimationFrame)');
    }
    await session.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await session.detach();
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}

export function openChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** The program, with the service's address set as its README says. */
export function programAt(baseUrl: string): Program {
  let program = programs.get(baseUrl);
  if (!program)
    programs.set(
      baseUrl,
      (program = compile((path, text) => (path === 'config.ts' ? text.replace(/http:[^']+/, baseUrl) : text))),
    );
  return program;
}

/** The names of the phone's methods. */
type Methods = { [Name in keyof Phone]: Phone[Name] extends (...args: never[]) => unknown ? Name : never }[keyof Phone];

const phone = buildSync({
  stdin: {
    contents: `import { Phone } from './phone.ts'; window.start = (program, host, system) => (window.phone = new Phone(program, host, system));`,
    resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    loader: 'ts',
  },
  bundle: true,
  write: false,
  format: 'iife',
}).outputFiles[0]!.text;

/**
 * A window with nothing in it but the navigation bar, and what WeChat's own style sheet says of the elements that
 * are used.
 */
const html = `<!doctype html><meta name="viewport" content="width=device-width, initial-scale=1"><style>
  html { --navigation-bar: 88px; }
  body { margin: 0; padding-top: var(--navigation-bar); font-family: system-ui, 'Noto Sans CJK SC', sans-serif; }
  #navigation-bar { position: fixed; z-index: 9; top: 0; left: 0; right: 0; height: 44px; padding-top: 44px; background: inherit; text-align: center; font-size: 17px; font-weight: 500; line-height: 44px; }
  [hidden] { display: none; }
  page-root, view { display: block; }
  text { white-space: pre-line; }
  canvas[disable-scroll] { touch-action: none; }
  img { display: inline-block; width: 320px; height: 240px; }
  img[mode=aspectFit] { object-fit: contain; }
  wx-button { position: relative; display: block; margin: 0 auto; padding: 0 14px; border: 0; border-radius: 5px; background: #f8f8f8; font: inherit; font-size: 18px; line-height: 2.55; text-align: center; }
  input[type=range] { display: block; width: -webkit-fill-available; min-width: 0; margin: 10px 18px; -webkit-appearance: none; height: 28px; background: linear-gradient(#b5b5b5, #b5b5b5) center / 100% 2px no-repeat; }
  input[type=range]::-webkit-slider-thumb { -webkit-appearance: none; width: 24px; height: 24px; border-radius: 50%; background: #fff; box-shadow: 0 0 4px rgba(0, 0, 0, .3); }
</style><style id="wxss"></style><body><div id="navigation-bar"></div></body>`;

/** Where the window believes to be. */
const address = 'http://phone.invalid/';

const programs = new Map<string, Program>();

const usual: System = { language: 'zh_CN', theme: 'light', scene: 1001 };
