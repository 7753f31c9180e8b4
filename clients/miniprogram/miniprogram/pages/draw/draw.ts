import type { DrawingContent, DrawingState } from 'onestroke-client';
import { contentOf, newId } from 'onestroke-client';
import type { Place, Point, Pointer, View } from 'onestroke-drawing';
import { Brush, colors, fit, nib, Pointers, paperFor, render, Sketch, widths } from 'onestroke-drawing';
import { client } from '../../client';
import { left } from '../../left';
import { goBack } from '../../open';
import { textOf } from '../../problem';
import type { Screen } from '../../screen';
import { screenOf } from '../../screen';
import { cardOf } from '../../share';
import { isOnTop } from '../../top';
import { words } from '../../words';
import type { Mix } from './color';
import { bandsOf, hexOf } from './color';

type Tap<Data extends object> = WechatMiniprogram.BaseEvent<{}, Data>;
type Slide = WechatMiniprogram.CustomEvent<{ value: number }, {}, { name: keyof Mix }>;
type Touch = WechatMiniprogram.TouchCanvas;

/**
 * The state of the drawing as in the outbox, but it is `saving` until a try has failed, and empty for an empty
 * drawing.
 */
type Status = 'saving' | 'waiting' | 'saved' | 'conflict' | 'refused' | '';

const parts: { name: keyof Mix; most: number }[] = [
  { name: 'hue', most: 360 },
  { name: 'saturation', most: 100 },
  { name: 'lightness', most: 100 },
];

Page({
  data: {
    words,
    colors: colors.map(({ value, ...names }) => ({ value, name: names[words.language] })),
    widths: widths.map((value, i) => ({ value, size: 4 + 5 * i })),
    tool: 'pen' as 'pen' | 'eraser',
    color: colors[0]!.value,
    width: widths[1]!,
    /** Whether the line is thinner where the finger is faster. */
    brush: false,
    /** Whether the user has mixed the colour. */
    own: false,
    picking: false,
    mix: [] as { name: keyof Mix; most: number; value: number; band: string }[],
    canUndo: false,
    canRedo: false,
    empty: true,
    finished: false,
    /** Whether only a part of the paper is visible. */
    zoomed: false,
    status: '' as Status,
  },

  id: '',
  oneStroke: false,
  sketch: undefined as Sketch | undefined,
  screen: undefined as Screen | undefined,
  /** Above the screen, for the end of the stroke that may still change. */
  ahead: undefined as Screen | undefined,
  view: undefined as View | undefined,
  brush: undefined as Brush | undefined,
  pointers: undefined as Pointers | undefined,
  mixed: { hue: 340, saturation: 75, lightness: 60 } as Mix,
  unsubscribe: () => {},

  onLoad({ id, mode }): void {
    this.id = id || newId();
    this.oneStroke = mode === 'one';
    this.unsubscribe = client.drawings.subscribe(state => {
      if (state.id === this.id) this.showState(state);
    });
    this.pointers = new Pointers({
      begin: pointer => this.beginStroke(pointer),
      extend: places => this.sketch!.extend(places.map(place => this.pointOf(place))),
      end: () => this.lift(),
      cancel: () => {
        this.sketch!.cancel();
        this.lift();
      },
      move: (from, to, factor) => this.look(this.view!.moved(from, to, factor)),
    });
    this.setMix();
  },

  async onReady(): Promise<void> {
    const { id } = this.options;
    const [screen, ahead, opened] = await Promise.all([
      screenOf(this, '#canvas'),
      screenOf(this, '#ahead'),
      id ? client.drawings.open(id) : undefined,
    ]);
    if (!isOnTop(this)) return;
    this.screen = screen;
    this.ahead = ahead;
    if (opened && !opened.ok) {
      await wx.showModal({ content: textOf(opened.problem), showCancel: false, confirmText: words.close });
      return void wx.navigateBack();
    }
    this.begin(opened && opened.data);
  },

  onHide(): void {
    this.pointers!.release();
  },

  onUnload(): void {
    this.pointers!.release();
    this.unsubscribe();
    this.leave();
  },

  /** Shows a drawing, or an empty one. */
  begin(content?: DrawingContent): void {
    void wx.setNavigationBarTitle({
      title: (content && content.title) || (this.oneStroke ? words.oneStroke : words.freely),
    });
    const { box, pixelRatio } = this.screen!;
    const sketch = (this.sketch = new Sketch(
      content || { format: 1, canvas: paperFor(box), strokes: [], oneStroke: this.oneStroke },
    ));
    const stopWarning = sketch.subscribe(() => {
      if (!sketch.nearlyFull) return;
      stopWarning();
      void wx.showToast({ title: words.nearlyFull, icon: 'none' });
    });
    let due = false;
    sketch.subscribe(() => {
      if (due) return;
      due = true;
      this.screen!.canvas.requestAnimationFrame(() => {
        due = false;
        if (this.sketch === sketch) this.render();
      });
    });
    this.look(fit(sketch.content.canvas, box, pixelRatio));
    this.showTools();
  },

  /** Shows the drawing in this view. */
  look(view: View): void {
    this.view = view;
    this.endBrush(); // it renders in the view before
    const zoomed = view.zoom > 1;
    if (zoomed !== this.data.zoomed) this.setData({ zoomed });
    this.render();
  },

  showAll(): void {
    this.look(this.view!.moved({ x: 0, y: 0 }, { x: 0, y: 0 }, 0));
  },

  /** Renders what has changed; during a stroke only what is new. */
  render(): void {
    const { content, current } = this.sketch!;
    const { surface } = this.screen!;
    if (!current) this.endBrush();
    if (!this.brush) render(surface, content, this.view!);
    if (!current) return;
    this.brush = this.brush || new Brush(surface, this.ahead!.surface, content, this.view!);
    this.brush.render(this.sketch!);
  },

  /** Clears the end of the stroke, which is rendered above the rest. */
  endBrush(): void {
    if (this.brush) this.brush.clear();
    this.brush = undefined;
  },

  touchStart(event: Touch): void {
    if (!this.sketch) return;
    if (this.data.picking) this.setData({ picking: false });
    for (const pointer of pointersOf(event)) this.pointers!.down(pointer);
  },

  touchMove(event: Touch): void {
    for (const pointer of pointersOf(event)) this.pointers!.moved([pointer]);
  },

  /** Also called when the system cancels a touch, as for a call: what was drawn is kept. */
  touchEnd(event: Touch): void {
    for (const { id } of pointersOf(event)) this.pointers!.up(id);
  },

  pointOf({ x, y, time }: Place & { time: number }): Point {
    return { ...this.view!.toCanvas({ x, y }), time };
  },

  beginStroke(pointer: Pointer): void {
    const { tool, color, width, brush } = this.data;
    const sketch = this.sketch!;
    const style = { tool, color, width: nib(width, sketch.content.canvas) };
    const begun = sketch.begin(this.pointOf(pointer), style, brush && tool === 'pen');
    if (!begun && sketch.full) void wx.showToast({ title: words.full, icon: 'none' });
  },

  /** Ends the current stroke. */
  lift(): void {
    this.endBrush();
    if (this.sketch && this.sketch.end()) this.save();
  },

  /** Saves each change. The service refuses an empty drawing: until it is left, undo gives it back. */
  save(): void {
    const { content } = this.sketch!;
    if (content.strokes.length) client.drawings.save(this.id, content);
    this.showTools();
  },

  /** Lets the gallery delete an empty drawing, but in a conflict: there the user has not chosen yet. */
  leave(): void {
    if (left.empty === this.id) left.empty = ''; // it was opened again
    if (!this.sketch || this.sketch.content.strokes.length) return;
    const { status } = client.drawings.state(this.id) || { status: this.options.id ? 'saved' : 'deleted' };
    if (status !== 'conflict' && status !== 'deleted') left.empty = this.id;
  },

  undo(): void {
    if (!this.sketch || !this.sketch.canUndo) return;
    this.sketch.undo();
    this.save();
  },

  redo(): void {
    if (!this.sketch || !this.sketch.canRedo) return;
    this.sketch.redo();
    this.save();
  },

  clear(): void {
    if (!this.sketch || this.data.empty) return;
    this.sketch.clear();
    this.save();
  },

  showTools(): void {
    const { content, canUndo, canRedo, finished } = this.sketch!;
    this.setData({ canUndo, canRedo, finished, empty: !content.strokes.length });
    const state = client.drawings.state(this.id);
    if (state) this.showState(state);
  },

  pickColor({ currentTarget }: Tap<{ color: string }>): void {
    this.setData({ tool: 'pen', color: currentTarget.dataset.color, own: false, picking: false });
  },

  togglePicker(): void {
    const picking = !this.data.picking;
    this.setData({ picking, ...(picking && { tool: 'pen', own: true, color: hexOf(this.mixed) }) });
  },

  mixColor({ currentTarget, detail }: Slide): void {
    this.mixed = { ...this.mixed, [currentTarget.dataset.name]: detail.value };
    this.setMix();
    this.setData({ color: hexOf(this.mixed) });
  },

  setMix(): void {
    const bands = bandsOf(this.mixed);
    this.setData({ mix: parts.map(({ name, most }) => ({ name, most, value: this.mixed[name], band: bands[name] })) });
  },

  pickWidth({ currentTarget }: Tap<{ width: number }>): void {
    this.setData({ width: Number(currentTarget.dataset.width) });
  },

  toggleBrush(): void {
    this.setData({ tool: 'pen', brush: !this.data.brush });
  },

  toggleEraser(): void {
    this.setData({ tool: this.data.tool === 'eraser' ? 'pen' : 'eraser', picking: false });
  },

  showState(state: DrawingState): void {
    const before = this.data.status;
    const isSaving = state.status === 'waiting' && !state.problem;
    const isNone = state.status === 'deleted' || (this.data.empty && state.status !== 'conflict');
    const status = isNone ? '' : isSaving ? 'saving' : state.status;
    if (status !== before) this.setData({ status });
    const mustDecide =
      status === 'conflict' || (state.status === 'refused' && state.problem.code === 'ERR_PRECONDITION_REQUIRED');
    if (mustDecide && status !== before) void this.explain();
  },

  /** Explains the state of the drawing; in a conflict asks which state to keep. */
  async explain(): Promise<void> {
    const state = client.drawings.state(this.id);
    if (!state) return;
    if (state.status === 'conflict') return this.decide(state);
    if (!('problem' in state) || !state.problem) return;
    if (state.problem.code === 'ERR_PRECONDITION_REQUIRED') return this.decideIncomplete();
    const later = state.status === 'waiting' ? `\n${words.sentLater}` : '';
    await wx.showModal({
      title: words.states[state.status],
      content: textOf(state.problem) + later,
      showCancel: false,
      confirmText: words.close,
    });
  },

  async decide(asked: DrawingState & { status: 'conflict' }): Promise<void> {
    const answer = await wx
      .showActionSheet({ itemList: [words.mine, asked.theirs ? words.theirs : words.theirDeletion] })
      .catch(() => undefined);
    // A stroke that was begun before the question has ended by now.
    const state = client.drawings.state(this.id);
    if (!answer || !state || state.status !== 'conflict') return;
    const { mine, theirs } = state;
    if (answer.tapIndex === 0) return client.drawings.resolve(this.id, mine);
    client.drawings.discard(this.id);
    if (!theirs) return void wx.navigateBack();
    this.begin(contentOf(theirs));
  },

  /** Asks what to do with the change of a drawing of which a program of 2017 drew more than its strokes. */
  async decideIncomplete(): Promise<void> {
    const { confirm, cancel } = await wx.showModal({
      title: words.incomplete,
      content: words.incompleteSays,
      confirmText: words.replaceIt,
      cancelText: words.dropIt,
    });
    if (confirm) return client.drawings.replaceIncomplete(this.id);
    if (!cancel) return; // Android closes the question without an answer at a tap beside it
    client.drawings.discard(this.id);
    const opened = await client.drawings.open(this.id);
    if (!isOnTop(this)) return;
    if (opened.ok) this.begin(opened.data);
    else void wx.navigateBack();
  },

  /** Shows the replay: that below this page, if the user came from there. */
  watch(): void {
    const [below] = getCurrentPages().slice(-2);
    if (below!.route === 'pages/replay/replay' && below!.options.id === this.id) goBack();
    else void wx.redirectTo({ url: `/pages/replay/replay?id=${this.id}` });
  },

  onShareAppMessage(): WechatMiniprogram.Page.ICustomShareContent | WechatMiniprogram.Page.IAsyncCustomShareContent {
    const content = this.sketch && this.sketch.content;
    return content && content.strokes.length
      ? cardOf(this.id, content.title || '')
      : { title: words.name, path: '/pages/gallery/gallery' };
  },

  next(): void {
    void wx.redirectTo({ url: '/pages/draw/draw?mode=one' });
  },
});

function pointersOf({ changedTouches, timeStamp }: Touch): Pointer[] {
  return changedTouches.map(({ identifier, x, y }) => ({ id: identifier, kind: 'touch', x, y, time: timeStamp }));
}
