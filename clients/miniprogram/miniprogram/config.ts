// Written by clients/brand/build.js from brand.json.

/** Where the service answers: in production `https://` and a domain that is registered with WeChat. */
export const baseUrl = 'http://127.0.0.1:5757';
export const name = { zh: '一笔到底', en: 'One Stroke' };

/** The colour of what stands out, where a style sheet cannot say it. */
export const accent = '#c8321f';
