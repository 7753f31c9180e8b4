/** WeChat opens no more pages on top of each other. */
const mostPages = 10;
let moving = false;

/**
 * Opens a page, in place of this one if there are too many. While one opens, another tap opens none: a double tap would
 * open two.
 */
export function openPage(url: string): void {
  if (moving) return;
  moving = true;
  const options = { url, complete: () => (moving = false) };
  if (getCurrentPages().length < mostPages) wx.navigateTo(options);
  else wx.redirectTo(options);
}

/** Goes back a page: a double tap would go back two. */
export function goBack(): void {
  if (moving) return;
  moving = true;
  wx.navigateBack({ complete: () => (moving = false) });
}
