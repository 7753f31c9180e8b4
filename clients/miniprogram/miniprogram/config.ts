/** Where the service answers: in production `https://` and a domain that is registered with WeChat. */
export const baseUrl = 'http://127.0.0.1:5757';
