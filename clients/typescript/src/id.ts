/**
 * An id for a new drawing: a random UUID (RFC 9562, version 4). It needs to be new
 * among the drawings of one user, not secret, so any source of chance will do.
 */
export function newId(random: () => number = Math.random): string {
  return 'xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx'.replace(/[xy]/g, place => {
    const digit = Math.floor(random() * 16);
    return (place === 'x' ? digit : (digit & 3) | 8).toString(16);
  });
}
