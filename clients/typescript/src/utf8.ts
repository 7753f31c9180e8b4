// A mini program has neither TextEncoder nor TextDecoder.

/** A text as UTF-8. */
export function encode(text: string): ArrayBuffer {
  const escaped = encodeURIComponent(text);
  const bytes = new Uint8Array(escaped.length);
  let length = 0;
  for (let i = 0; i < escaped.length; i++) {
    const isByte = escaped[i] === '%';
    bytes[length++] = isByte ? parseInt(escaped.slice(i + 1, i + 3), 16) : escaped.charCodeAt(i);
    if (isByte) i += 2;
  }
  return bytes.buffer.slice(0, length);
}

/** UTF-8 as a text. Throws if it is not UTF-8. */
export function decode(bytes: Uint8Array): string {
  let escaped = '';
  for (const byte of bytes)
    escaped += byte === 0x25 || byte > 0x7f ? '%' + byte.toString(16) : String.fromCharCode(byte);
  return decodeURIComponent(escaped);
}
