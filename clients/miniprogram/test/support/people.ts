import {
  type Client,
  createClient,
  type DrawingContent,
  fetchTransport,
  newId,
} from '../../../typescript/src/index.ts';
import type { Binary } from '../../../typescript/test/support/binary.ts';

/** A person whom no other test knows. */
export function somebody(): string {
  return `user ${newId()}`;
}

/** The same person with another program. */
export function elsewhere(service: Binary, user: string): Client {
  return createClient({
    baseUrl: service.baseUrl,
    transport: fetchTransport(fetch),
    login: () => service.phone(user).then(({ code, rawData, signature }) => ({ code, rawData, signature })),
  });
}

export function drawing(title = '', ms = 300): DrawingContent {
  return {
    title,
    canvas: { width: 3750, height: 5000 },
    format: 1,
    strokes: [
      { tool: 'pen', color: '#666666', width: 50, x: [1000, 2000, 2500], y: [1000, 3000, 2000], t: [0, ms / 2, ms] },
    ],
  };
}
