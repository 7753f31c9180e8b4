import type { DrawingContent } from 'onestroke-client';
import { type Child, el } from './dom';
import { dialog } from './overlays';
import { picture } from './pictures';
import { words } from './words';

/** How a conflict ends. */
export type Choice = 'mine' | 'theirs' | 'both';

/** Shows both states of a drawing and asks which to keep. `theirs` is null if it was deleted. */
export function settle(mine: DrawingContent, theirs: DrawingContent | null, choose: (choice: Choice) => void): void {
  const side = (label: string, content: DrawingContent) =>
    el('figure', {}, el('span', { class: 'frame' }, picture(content, label)), el('figcaption', {}, label));
  question(
    words.conflict,
    [
      el('p', {}, theirs ? words.conflictSays : words.theirsDeleted),
      el('div', { class: 'sides' }, side(words.mine, mine), theirs && side(words.theirs, theirs)),
    ],
    [
      ['theirs', theirs ? words.takeTheirs : words.letGo],
      ...(theirs ? [['both', words.keepBoth] as const] : []),
      ['mine', words.keepMine],
    ],
    choose,
  );
}

/** Asks what to do with the change of a drawing of which a program of 2017 drew more than its strokes. */
export function settleIncomplete(choose: (choice: Choice) => void): void {
  question(
    words.incomplete,
    [el('p', {}, words.incompleteSays)],
    [
      ['theirs', words.dropChange],
      ['mine', words.saveAnyway],
      ['both', words.saveAsNew],
    ],
    choose,
  );
}

/** Asks for one of several choices. The last is the recommended one. */
function question(
  title: string,
  content: Child[],
  choices: (readonly [choice: Choice, label: string])[],
  choose: (choice: Choice) => void,
): void {
  const buttons = choices.map(([choice, label], i) =>
    el(
      'button',
      {
        type: 'button',
        class: i === choices.length - 1 ? 'primary' : 'quiet',
        onclick: () => (box.close(), choose(choice)),
      },
      label,
    ),
  );
  const box = dialog(title, ...content, el('div', { class: 'buttons' }, ...buttons));
}
