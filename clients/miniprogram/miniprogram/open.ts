let opening = false;

/** Opens a page. While one opens, another tap opens none: a double tap would open two. */
export function openPage(url: string): void {
  if (opening) return;
  opening = true;
  wx.navigateTo({ url, complete: () => (opening = false) });
}
