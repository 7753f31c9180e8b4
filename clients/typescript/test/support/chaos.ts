import type { HttpResponse, Transport } from '../../src/index.ts';
import { exchangeOf } from './memory-service.ts';

/** How bad a network is; each from 0 to 1. */
export interface Weather {
  /** Requests that never arrive. */
  lostRequests: number;
  /** Replies that never arrive, to requests that did. */
  lostReplies: number;
  /** What is lost without a word, until a time-out, and not by a failed connection. */
  silent: number;
  /** A request, and its reply, takes up to so many milliseconds: later ones overtake it. */
  delayMs: number;
}

/** Loses requests and replies and shuffles their order, as `random` has it, until `weather` says otherwise. */
export function chaos(
  transport: Transport,
  weather: Weather,
  random: () => number,
  after: (ms: number) => Promise<void>,
): Transport {
  return request => {
    const lost = (probability: number) => random() < probability;
    const silent = lost(weather.silent);
    const lose = (): Promise<never> => (silent ? new Promise(() => {}) : Promise.reject(new Error('connection reset')));
    const travel = async (): Promise<HttpResponse> => {
      await after(random() * weather.delayMs);
      if (lost(weather.lostRequests)) return lose();
      const response = await transport(request).response;
      if (lost(weather.lostReplies)) return lose();
      await after(random() * weather.delayMs);
      return response;
    };
    return exchangeOf(travel());
  };
}
