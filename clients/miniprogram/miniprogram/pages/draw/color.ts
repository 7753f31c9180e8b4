/** A colour as HSL: degrees and two percentages. */
export interface Mix {
  hue: number;
  saturation: number;
  lightness: number;
}

/** The colour as `#RRGGBB`. */
export function hexOf({ hue, saturation, lightness }: Mix): string {
  const chroma = ((saturation / 100) * Math.min(lightness, 100 - lightness)) / 100;
  // CSS Color 4, section 7.1
  const channel = (n: number) => {
    const k = (n + hue / 30) % 12;
    return Math.round(255 * (lightness / 100 - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return (
    '#' +
    [channel(0), channel(8), channel(4)]
      .map(value => (256 + value).toString(16).slice(1))
      .join('')
      .toUpperCase()
  );
}

/** The background of each slider: the colours that it can select. */
export function bandsOf({ hue, saturation, lightness }: Mix): Record<keyof Mix, string> {
  const band = (mixes: Mix[]) => `linear-gradient(to right, ${mixes.map(hexOf).join(', ')})`;
  return {
    hue: band([0, 60, 120, 180, 240, 300, 360].map(hue => ({ hue, saturation: 80, lightness: 55 }))),
    saturation: band([0, 100].map(saturation => ({ hue, saturation, lightness }))),
    lightness: band([0, 50, 100].map(lightness => ({ hue, saturation, lightness }))),
  };
}
