import { type DrawingContent, type DrawingState, isSameContent, newId } from 'onestroke-client';
import { maxTitle, paperFor, Sketch } from 'onestroke-drawing';
import { backLink, bar, stamp } from './bars';
import type { Choice } from './conflict';
import { attribute, drawn, el, flourish, type IconName, icon, iconButton } from './dom';
import { remove, restore, share } from './gallery';
import { createHand } from './hand';
import { choose, sayOffline, toast } from './overlays';
import { createPaper, type Paper } from './paper';
import { loadPen, type Pen } from './pen';
import { offerDownload } from './pictures';
import { go, type Screen, setTitle, write } from './routes';
import { client, onOtherTab, sayProblem, sayRefusal } from './service';
import { createToolbar } from './toolbar';
import { words } from './words';

/** The sketch that was left last: after its replay the user can still undo. */
let lastLeft: { id: string; sketch: Sketch } | undefined;

/** Edits a new or an existing drawing. Each stroke is saved when it ends. */
export function createEditor(opened?: string): Screen {
  const pen = loadPen();
  let id = opened || newId();
  let sketch: Sketch | undefined;
  /** The content that was opened or saved last; undefined for a new drawing. */
  let lastSaved: DrawingContent | undefined;
  /** The title of the drawing, as the field shows it until the user changes it. */
  let shownTitle = '';
  let left = false;
  let stopWarning = () => {};

  const hint = el(
    'div',
    { class: 'hint', 'aria-hidden': 'true', hidden: true },
    drawn('0 0 300 300', flourish, 'line'),
    el('p', {}, words.drawHere),
    el('p', { class: 'muted' }, words.savesItself),
  );
  const done = el(
    'div',
    { class: 'done', hidden: true },
    stamp(),
    el(
      'div',
      { class: 'done-bar', role: 'status' },
      el('strong', {}, words.doneSays),
      el(
        'button',
        { type: 'button', class: 'quiet small', onclick: () => go({ at: 'replay', id }) },
        icon('play'),
        words.replay,
      ),
      el('button', { type: 'button', class: 'primary small', onclick: () => another() }, words.again),
    ),
  );
  const cursor = el('span', { class: 'pen-cursor', hidden: true });
  const paper = createPaper(hint, cursor, done);
  const sheet = paper.element.firstElementChild!;
  for (const [name, value] of Object.entries({
    tabindex: 0,
    role: 'application',
    'aria-roledescription': words.drawing,
    'aria-description': words.keyboardDrawing,
    'data-focus': '',
  }))
    attribute(paper.canvas, name, value);
  const hand = createHand({
    paper,
    cursor,
    pen,
    sketch: () => sketch,
    begun(accepted) {
      if (accepted) hint.hidden = true;
      else if (sketch?.full) toast(words.full);
    },
    drawn: changed,
  });
  const toolbar = createToolbar(pen, {
    undo: () => step(() => sketch?.undo()),
    redo: () => step(() => sketch?.redo()),
    clear: () => step(() => sketch?.clear()),
    once: limitToOneStroke,
  });
  const title = el('input', {
    class: 'title',
    dir: 'auto',
    placeholder: words.untitled,
    'aria-label': words.title,
    maxlength: maxTitle,
    autocomplete: 'off',
    disabled: !!opened, // until the drawing is there
    onchange() {
      shownTitle = title.value = title.value.trim();
      showTitle(shownTitle);
      step(() => sketch?.rename(shownTitle));
    },
    onblur: () => (title.value = shownTitle),
    onkeydown: event => event.key === 'Enter' && title.blur(),
  });
  const status = el('span', { class: 'status', role: 'status' });
  const saved = [
    iconButton('play', words.replay, () => go({ at: 'replay', id }), 'R'),
    iconButton('share', words.share, () => share(id), 'S'),
    iconButton('download', words.download, () => offerDownload(title.value, { id }), 'D'),
  ] as const;
  for (const button of saved) button.disabled = true; // nothing is saved yet
  const element = el(
    'main',
    { class: 'editor' },
    bar(backLink(), title, status, ...saved, iconButton('plus', words.newDrawing, another, 'N')),
    paper.element,
    toolbar.element,
  );

  const stop = client.drawings.subscribe(state => state.id === id && showState(state));
  const stopTabs = onOtherTab(changed => {
    const state = client.drawings.state(id);
    if (changed === id && (!state || state.status === 'saved')) void load();
  });
  const heal = () => sheet.parentNode || void load();
  addEventListener('online', heal);
  return {
    title: words.draw,
    element,
    entered() {
      if (!opened) return begin(blank(paper, pen));
      restore(opened);
      void load();
    },
    leave() {
      title.blur(); // not every browser does that to a field that is taken away
      left = true;
      hand.leave();
      stopWarning();
      if (sketch) lastLeft = { id, sketch };
      if (lastSaved && sketch && !sketch.content.strokes.length) void remove(id);
      stop();
      stopTabs();
      removeEventListener('online', heal);
      paper.end();
    },
    key(event) {
      if (hand.key(event)) return;
      const plain = !event.ctrlKey && !event.metaKey;
      const name = event.key.toLowerCase();
      if (event.key === 'Escape') go({ at: 'gallery' });
      else if (plain && name === 'n') another();
      else if (plain && 'rsd'.includes(name)) saved['rsd'.indexOf(name)]?.click();
      else toolbar.key(event);
    },
  };

  /** Opens the drawing, also after a conflict. If that fails, a notice takes the place of the sheet. */
  async function load(): Promise<void> {
    const result = await client.drawings.open(id);
    if (left) return;
    if (result.ok) return begin(result.data);
    const { code } = result.problem;
    const isGone = code === 'ERR_NOT_FOUND' || code === 'DELETED';
    if (sketch && (sketch.current || !isGone)) return; // it stays open: to save it will be a conflict
    sketch = lastSaved = undefined; // another tab may have deleted what was open
    for (const button of saved) button.disabled = true;
    status.replaceChildren();
    paper.element.replaceChildren(el('p', { class: 'notice', role: 'alert' }, sayProblem(result.problem)));
    title.disabled = true;
    toolbar.element.hidden = true;
  }

  /** The sketch with this content: the one that is open or was left last, so that the user can still undo, or a new one. */
  function sketchOf(content: DrawingContent): Sketch {
    if (sketch && isSameContent(sketch.content, content)) return sketch;
    if (sketch?.current) {
      sketch.replace(content); // the user draws on while another tab's change arrives
      return sketch;
    }
    if (lastLeft?.id === id && isSameContent(lastLeft.sketch.content, content)) return lastLeft.sketch;
    return new Sketch(content);
  }

  function begin(content: DrawingContent): void {
    sketch = sketchOf(content);
    warn(sketch);
    if (!sheet.parentNode) paper.element.replaceChildren(sheet); // it was gone, or there was no network
    toolbar.element.hidden = false;
    if (content.strokes.length) lastSaved = sketch.content;
    title.disabled = false;
    showTitle(content.title || '');
    show();
    const state = client.drawings.state(id);
    if (state) showState(state);
  }

  /** Shows the drawing's title, unless the user is changing it: what arrives from another tab takes no letter away. */
  function showTitle(text: string): void {
    if (title.value === shownTitle) title.value = text;
    shownTitle = text;
    setTitle(text || words.draw);
  }

  /** Warns once when the drawing is nearly full. */
  function warn(sketch: Sketch): void {
    stopWarning();
    stopWarning = sketch.subscribe(() => {
      if (!sketch.nearlyFull) return;
      stopWarning();
      toast(words.nearlyFull);
    });
  }

  function another(): void {
    if (sketch && !sketch.content.strokes.length && !lastSaved) {
      sketch = undefined;
      return begin(blank(paper, pen));
    }
    if (location.hash === write({ at: 'draw' })) dispatchEvent(new Event('hashchange'));
    else go({ at: 'draw' });
  }

  /** Switches this drawing to one stroke, or to many. One that has too many strokes stays, and a new one is offered. */
  function limitToOneStroke(on: boolean): void {
    if (!sketch) return;
    if (sketch.limitToOneStroke(on)) return changed();
    choose(words.tooManyStrokes, [{ label: words.newOneStroke, icon: 'once', run: another }]);
  }

  function step(change: () => void): void {
    change();
    changed();
  }

  /** Shows the drawing and saves it. The service refuses an empty drawing: it is deleted when the user leaves it. */
  function changed(): void {
    if (!sketch) return;
    show();
    if (!sketch.content.strokes.length || sketch.content === lastSaved) return;
    if (!opened && location.hash === write({ at: 'draw' })) history.replaceState(null, '', write({ at: 'draw', id }));
    client.drawings.save(id, (lastSaved = sketch.content));
  }

  function show(): void {
    const { content, finished } = sketch!;
    paper.show(content);
    hand.refresh();
    toolbar.show(sketch!);
    const empty = !content.strokes.length;
    hint.hidden = !empty || !!sketch!.current;
    done.hidden = !finished;
    saved.forEach(button => (button.disabled = empty));
    if (empty) status.replaceChildren();
    paper.canvas.setAttribute(
      'aria-label',
      `${content.title || words.untitled}, ${content.strokes.length} ${words.strokes}`,
    );
  }

  function showState(state: DrawingState): void {
    const say = (name: IconName, text: string, kind: string) => {
      status.dataset.kind = kind;
      status.replaceChildren(icon(name), el('span', {}, text));
    };
    const offer = (text: string, ask: (questions: typeof import('./conflict')) => void) => {
      status.dataset.kind = 'conflict';
      const run = () => void import('./conflict').then(ask, sayOffline);
      status.replaceChildren(el('button', { type: 'button', onclick: run }, icon('warn'), text));
    };
    switch (state.status) {
      case 'saved':
        return say('tick', words.saved, 'saved');
      case 'waiting':
        if (!state.problem) return say('cloud', words.saving, 'saving');
        return say('cloud', state.problem.code === 'NOT_STORED' ? words.notStored : words.waiting, 'waiting');
      case 'refused':
        if (state.problem.code !== 'ERR_PRECONDITION_REQUIRED')
          return say('warn', sayRefusal(state.problem), 'refused');
        return offer(words.refused, ({ settleIncomplete }) =>
          settleIncomplete(choice => resolve(choice, () => client.drawings.replaceIncomplete(id))),
        );
      case 'conflict':
        return offer(words.conflictChoose, ({ settle }) =>
          settle(lastSaved!, state.theirs, choice =>
            resolve(choice, () => client.drawings.resolve(id, lastSaved!), !state.theirs),
          ),
        );
      case 'deleted':
        delete status.dataset.kind;
        return status.replaceChildren();
    }
  }

  /** Ends a conflict, or a refusal. `keep` sends what is here; `gone` says that the service has no drawing. */
  function resolve(choice: Choice, keep: () => void, gone = false): void {
    const { drawings } = client;
    if (choice === 'mine') return keep();
    drawings.discard(id);
    if (choice === 'both') {
      id = newId();
      history.replaceState(null, '', write({ at: 'draw', id }));
      drawings.save(id, lastSaved!);
    } else if (gone) {
      go({ at: 'gallery' });
    } else {
      sketch = undefined;
      void load();
    }
  }
}

/** An empty drawing that fills the room for paper. */
function blank({ room }: Paper, { once }: Pen): DrawingContent {
  return { format: 1, canvas: paperFor(room), strokes: [], oneStroke: once };
}
