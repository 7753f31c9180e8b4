import { el } from './dom';
import { dialog, toast } from './overlays';
import { client, sayProblem } from './service';
import { words } from './words';

/** Asks why a shared drawing is reported, and reports it. */
export function report(token: string): void {
  const reason = el(
    'select',
    { name: 'reason', 'aria-label': words.reportReason },
    ...Object.entries(words.reportReasons).map(([value, text]) => el('option', { value }, text)),
  );
  const note = el('textarea', {
    maxlength: 200,
    rows: 3,
    'aria-label': words.reportNote,
    placeholder: words.reportNote,
  });
  const box = dialog(
    words.report,
    el(
      'form',
      { class: 'stack', onsubmit: event => (event.preventDefault(), box.close(), void send()) },
      el('p', {}, words.reportSays),
      reason,
      note,
      el(
        'div',
        { class: 'buttons' },
        el('button', { type: 'button', class: 'quiet', onclick: () => box.close() }, words.cancel),
        el('button', { class: 'primary' }, words.report),
      ),
    ),
  );
  reason.focus();

  async function send(): Promise<void> {
    const body = { reason: reason.value as keyof typeof words.reportReasons, note: note.value.trim() };
    const result = await client.reportSharedDrawing({ token, body });
    toast(result.ok ? words.reported : sayProblem(result.problem));
  }
}
