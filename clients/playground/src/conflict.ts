import type { DrawingContent } from 'onestroke-client';
import { el } from './dom';
import { dialog } from './overlays';
import { picture } from './pictures';
import { words } from './words';

/** How a conflict ends. */
export type Choice = 'mine' | 'theirs' | 'both';

/** Shows both states of a drawing and asks which to keep. `theirs` is null if it was deleted. */
export function settle(mine: DrawingContent, theirs: DrawingContent | null, choose: (choice: Choice) => void): void {
  const button = (choice: Choice, label: string, name = 'quiet') =>
    el('button', { type: 'button', class: name, onclick: () => (box.close(), choose(choice)) }, label);
  const side = (label: string, content: DrawingContent) =>
    el('figure', {}, el('span', { class: 'frame' }, picture(content, label)), el('figcaption', {}, label));
  const box = dialog(
    words.conflict,
    el('p', {}, theirs ? words.conflictSays : words.theirsDeleted),
    el('div', { class: 'sides' }, side(words.mine, mine), theirs && side(words.theirs, theirs)),
    el(
      'div',
      { class: 'buttons' },
      button('theirs', theirs ? words.takeTheirs : words.letGo),
      theirs && button('both', words.keepBoth),
      button('mine', words.keepMine, 'primary'),
    ),
  );
}
