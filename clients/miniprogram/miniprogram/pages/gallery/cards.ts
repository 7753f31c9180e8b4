import type { DrawingSummary, Unsent } from 'onestroke-client';
import { picture } from 'onestroke-drawing';
import { words } from '../../words';

/** A drawing as the gallery shows it. */
export interface Card {
  id: string;
  title: string;
  /** The title, or a text for an untitled drawing. */
  name: string;
  /** The URL of its image. */
  picture: string;
  /** The state of an unsent change; empty if there is none. */
  status: 'waiting' | 'conflict' | 'refused' | '';
}

/** The listed drawings with the unsent changes: new drawings first, changed ones in their place, deleted ones left out. */
export function cardsOf(listed: DrawingSummary[], unsent: Unsent[], removed?: string): Card[] {
  const here = new Map(unsent.map(drawing => [drawing.id, drawing]));
  const known = new Set(listed.map(({ id }) => id));
  const drawings = unsent.filter(({ id }) => !known.has(id)).reverse();
  return [...drawings, ...listed.map(summary => here.get(summary.id) || summary)]
    .filter(({ id }) => id !== removed)
    .reduce<Card[]>((cards, drawing) => cards.concat('state' in drawing ? ofUnsent(drawing) : ofListed(drawing)), []);
}

function ofListed({ id, title, thumbnail = '' }: DrawingSummary): Card {
  return { id, title, name: title || words.untitled, picture: addressOf(thumbnail), status: '' };
}

function ofUnsent({ id, content, state: { status } }: Unsent): Card[] {
  if (!content) return [];
  const { title = '' } = content;
  return [
    {
      id,
      title,
      name: title || words.untitled,
      picture: addressOf(picture(content)),
      status: status === 'conflict' || status === 'refused' ? status : 'waiting',
    },
  ];
}

function addressOf(svg: string): string {
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
