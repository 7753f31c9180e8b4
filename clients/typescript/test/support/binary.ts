import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The service itself, as a process of its own, with a data folder of its own and simulated WeChat. */
export interface Binary {
  baseUrl: string;
  /** Gives what wx.login and wx.getUserInfo give to this user. */
  phone(user: string, how?: object): Promise<Phone>;
  stop(): Promise<void>;
}

export interface Phone {
  code: string;
  rawData: string;
  signature: string;
}

/**
 * Starts ONESTROKE_BINARY, or what the sources two folders up are built to, and waits until /readyz answers
 * `ready`.
 */
export async function startBinary(environment: Record<string, string> = {}, ready = 200): Promise<Binary> {
  const folder = mkdtempSync(join(tmpdir(), 'onestroke-client-'));
  const program = process.env['ONESTROKE_BINARY'] ?? build(folder);
  const service = spawn(program, {
    env: { PATH: process.env['PATH'], PORT: '0', DATA_DIR: join(folder, 'data'), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  service.stderr.on('data', (text: Buffer) => (log = (log + text.toString()).slice(-10_000)));
  const exited = once(service, 'exit');
  const stop = async () => {
    service.kill('SIGTERM');
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  for await (const line of createInterface({ input: service.stdout })) {
    const baseUrl = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
    if (!baseUrl) continue;
    service.stdout.resume();
    while ((await fetch(baseUrl + '/readyz')).status !== ready);
    const phone = async (user: string, how = {}) => {
      const answer = await fetch(baseUrl + '/simulator/login', {
        method: 'POST',
        body: JSON.stringify({ user, ...how }),
      });
      return (await answer.json()) as Phone;
    };
    return { baseUrl, phone, stop };
  }
  await stop();
  throw new Error(`${program} named no address\n${log}`);
}

function build(folder: string): string {
  const program = join(folder, 'onestroke');
  execFileSync('go', ['build', '-o', program, '.'], { cwd: new URL('../../../..', import.meta.url), stdio: 'inherit' });
  return program;
}
