/**
 * An id for a new drawing: a random UUID (RFC 9562, version 4). It must be unique among the drawings of one user, but
 * not secret, so `Math.random` is enough.
 */
export function newId(random: () => number = Math.random): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, place => {
    const digit = Math.floor(random() * 16);
    return (place === 'x' ? digit : (digit & 3) | 8).toString(16);
  });
}
