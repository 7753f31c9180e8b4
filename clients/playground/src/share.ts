import { el, icon } from './dom';
import { dialog, toast } from './overlays';
import { client, home, sayProblem, send } from './service';
import { words } from './words';

/** Shares a drawing and shows the link, to copy it or to stop sharing. */
export async function share(id: string): Promise<void> {
  const unsent = await send(id);
  if (unsent) return toast(unsent);
  const result = await client.shareDrawing({ id });
  if (!result.ok) return toast(sayProblem(result.problem));
  const link = `${home}s/${result.data.token}`;
  const shown = document.querySelector<HTMLInputElement>('.link input');
  if (shown?.value === link) return; // pressed twice on a slow network
  // Nothing to say of an approved one, nor of a state that is newer than this page.
  const state = words.shareStates[result.data.state as keyof typeof words.shareStates];
  const input = el('input', { readonly: true, value: link, 'aria-label': words.link, onfocus: () => input.select() });
  const copy = el(
    'button',
    { type: 'button', class: 'primary', onclick: () => void copyLink() },
    icon('copy'),
    words.copy,
  );
  const box = dialog(
    words.share,
    el('p', {}, words.shareSays),
    state !== undefined && el('p', {}, state),
    el('div', { class: 'link' }, input, copy),
    el(
      'div',
      { class: 'buttons' },
      el('button', { type: 'button', class: 'quiet danger', onclick: () => void unshare() }, words.unshare),
      el('a', { class: 'quiet', href: link, target: '_blank', rel: 'noopener' }, words.open),
      'share' in navigator && el('button', { type: 'button', class: 'quiet', onclick: () => void hand() }, words.send),
    ),
  );
  input.focus();

  async function copyLink(): Promise<void> {
    input.select();
    // Without HTTPS there is no navigator.clipboard.
    const copied = navigator.clipboard
      ? await navigator.clipboard.writeText(link).then(
          () => true,
          () => false,
        )
      : false;
    if (copied || document.execCommand('copy')) copy.replaceChildren(icon('tick'), words.copied);
  }

  /** Hands the link to an app of the user's choice. Rejected if they choose none. */
  async function hand(): Promise<void> {
    await navigator.share({ title: words.name, url: link }).catch(() => undefined);
  }

  async function unshare(): Promise<void> {
    const ended = await client.unshareDrawing({ id });
    box.close();
    toast(ended.ok ? words.unshared : sayProblem(ended.problem));
  }
}
