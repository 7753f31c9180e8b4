/** WeChat opens no more pages on top of each other. */
const mostPages = 10;
let opening = false;

/**
 * Opens a page, in place of this one if there are too many. While one opens, another tap opens none: a double tap would
 * open two.
 */
export function openPage(url: string): void {
  if (opening) return;
  opening = true;
  const options = { url, complete: () => (opening = false) };
  if (getCurrentPages().length < mostPages) wx.navigateTo(options);
  else wx.redirectTo(options);
}
