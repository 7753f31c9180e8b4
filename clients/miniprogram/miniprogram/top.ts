/**
 * Whether a page is the one that the user sees. An answer that arrives after the user has left its page must not change
 * the title of another page, or go back from it.
 */
export function isOnTop(page: WechatMiniprogram.Page.TrivialInstance): boolean {
  const pages = getCurrentPages();
  return pages[pages.length - 1] === page;
}
