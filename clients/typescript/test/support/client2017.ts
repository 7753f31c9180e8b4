import type { Wx2017 } from '../../src/2017.ts';
import type { WxAnswer, WxRequest } from '../../src/wx.ts';

const magic = 'F2C224D4-2BCE-4C64-AF9F-A6D872000D1A';
const mostAttempts = 4;

/** Why a request of 2017 failed for good. */
export class SessionError extends Error {
  constructor(
    readonly reason: string | undefined,
    message: string,
  ) {
    super(message);
  }
}

/**
 * A client as programs of 2017 brought it along, which knows nothing of this
 * package: the code of wx.login() is the credential and is kept in storage; the
 * first requests carry the signed profile as well; what went wrong is in the body,
 * under the magic key, whatever the status.
 */
export class Client2017 {
  private entering: Promise<Record<string, string>> | undefined;

  constructor(private readonly wx: Wx2017) {}

  async request(options: WxRequest, attempt = 1): Promise<WxAnswer['data']> {
    const stored = this.wx.getStorageSync('code') as string;
    const header = stored ? { 'X-WX-Code': stored } : await (this.entering = this.entering ?? this.enter());
    const { data } = await new Promise<WxAnswer>((success, fail) =>
      this.wx.request({ ...options, header: { ...options.header, ...header }, success, fail }),
    );
    const failure = data as { [magic]?: number; reason?: string; error?: { message: string } };
    if (!failure[magic]) {
      this.wx.setStorageSync('code', header['X-WX-Code']!);
      return data;
    }
    const mayEnterAgain =
      failure.reason === 'ERR_SESSION_EXPIRED' || failure.reason === 'ERR_SESSION_KEY_EXCHANGE_FAILED';
    if (!mayEnterAgain || attempt === mostAttempts)
      throw new SessionError(failure.reason, failure.error?.message ?? '');
    if (this.wx.getStorageSync('code') === stored) {
      this.wx.removeStorageSync('code');
      this.entering = undefined;
    }
    return this.request(options, attempt + 1);
  }

  /** The headers of a first request, the same for all pages that begin with one. */
  private async enter(): Promise<Record<string, string>> {
    const code = await new Promise<string>((done, fail) => this.wx.login({ success: ({ code }) => done(code), fail }));
    const { rawData, signature } = await new Promise<{ rawData: string; signature: string }>((success, fail) =>
      this.wx.getUserInfo!({ success, fail: () => fail(new Error('no profile')) }),
    );
    return { 'X-WX-Code': code, 'X-WX-RawData': encodeURIComponent(rawData), 'X-WX-Signature': signature };
  }
}
