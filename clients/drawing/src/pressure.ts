/** The width of a line that is not pressed, as a part of that at full pressure. As in the service's pictures. */
const thinnest = 0.3;

/** The width of a line of this full width at a pressure from 0 to 255. Without pressure it is the full width. */
export function widthAt(full: number, pressure = 255): number {
  return full * (thinnest + ((1 - thinnest) * pressure) / 255);
}
