import type { Cloud } from '../../src/index.ts';

/** `wx.cloud` with the limits of Cloud Run: 100 KiB of text, 20 MiB of bytes, answers of 1,000 KiB. */
export class FakeCloud implements Cloud {
  /** The type of each body that was sent. */
  readonly bodies: string[] = [];

  constructor(private readonly origin: string) {}

  readonly callContainer: Cloud['callContainer'] = ({ config, path, method, header, data, success, ...options }) => {
    const fail = (why: string) => options.fail({ errMsg: `cloud.callContainer:fail ${why}` });
    if (config.env !== 'env' || header['X-WX-SERVICE'] !== 'onestroke') return fail('no such service');
    if (data !== undefined) this.bodies.push(typeof data);
    if (typeof data === 'string' && Buffer.byteLength(data) > 100 * 1024) return fail('text is too long');
    if (data instanceof ArrayBuffer && data.byteLength > 20 * 1024 * 1024) return fail('bytes are too long');
    fetch(this.origin + path, { method, headers: header, ...(data === undefined ? {} : { body: data }) }).then(
      async answer => {
        const body = await answer.arrayBuffer();
        if (body.byteLength > 1000 * 1024) return fail('the answer is too long');
        success({
          statusCode: answer.status,
          header: Object.fromEntries(answer.headers),
          data: options.responseType === 'text' ? Buffer.from(body).toString() : body,
        });
      },
      error => fail(String(error)),
    );
  };
}
