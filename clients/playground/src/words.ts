import { commonWords } from 'onestroke-drawing';
import { name } from '../../brand/brand.json';
import { keep, storage } from './storage';

const zh = {
  ...commonWords.zh,
  name: name.zh,
  tagline: '一根手指，一支笔，一口气画到底。',
  welcome: '每一笔都连同快慢一起保存，随时可以回放。',
  whoAreYou: '你的名字',
  defaultUser: '小明',
  start: '开始画画',
  simulated: '开发模式：微信是模拟的，起个名字就能登录。',
  production: '这里是小程序“一笔到底”的后端服务。画画请打开微信小程序；开发者请看接口文档。',
  docs: '接口文档',
  otherLanguage: 'English',
  switchUser: '退出登录',
  loggedInAs: '当前用户',
  gallery: '我的画',
  draw: '画一幅',
  newDrawing: '新的画',
  title: '标题',
  drawHere: '在这里画一笔',
  savesItself: '抬手即存',
  drawing: '画纸',
  strokes: '笔',
  keyboardDrawing: '按方向键移动，按回车落笔或抬笔。',
  brush: '笔锋：粗细随轻重快慢变化',
  widths: ['细', '中', '粗', '特粗'],
  oneStroke: '一笔到底：抬手就画完',
  doneSays: '一笔到底！',
  again: '再画一幅',
  shareSays: '任何人打开这个链接都能看到这幅画和回放，还有你的昵称和头像，不用登录。',
  link: '链接',
  copy: '复制',
  copied: '已复制',
  unshared: '已停止分享，链接失效了',
  drawYourOwn: '我也画一幅',
  download: '下载',
  downloadPNG: 'PNG 图片',
  downloadSVG: 'SVG 矢量图',
  downloadMoving: '动画 SVG（自动回放）',
  downloadVideo: '回放视频',
  recording: '正在录制视频',
  save: '保存',
  notRemoved: '这幅画在别处改过，没有删除',
  restore: '恢复',
  open: '打开',
  saved: '已保存',
  saving: '保存中…',
  waiting: '已保存在本机，联网后自动上传',
  notStored: '本机存不下，请不要关闭页面',
  refused: '未能保存',
  conflict: '别处也改了这幅画',
  conflictChoose: '有冲突',
  conflictSays: '它在另一台设备上也改过，要保留哪一幅？',
  theirsDeleted: '它在另一台设备上被删除了。',
  mine: '这台设备上的',
  theirs: '另一台设备上的',
  keepMine: '保留这台的',
  takeTheirs: '保留另一台的',
  keepBoth: '两幅都保留',
  letGo: '删除它',
  dropChange: '放弃修改',
  saveAnyway: '仍然保存',
  saveAsNew: '另存为新的画',
  notFound: '这幅画不在了，或者不再分享。',
  tooMany: '画太多了，请先删除一些。',
  tooLarge: '这幅画太大了。',
  suspended: '账号已被停用，只能查看、导出和删除。',
  failed: '操作失败，请稍后再试。',
  offline: '网络不通，稍后再试。',
  retry: '再试一次',
  keys: '快捷键',
  keyList: [
    ['N', '新的画'],
    ['1 … 7', '颜色'],
    ['[ ]', '粗细'],
    ['B', '笔锋'],
    ['E', '橡皮'],
    ['O', '一笔到底'],
    ['Ctrl+Z Ctrl+Y', '撤销，重做'],
    ['Delete', '清空'],
    ['R S D', '回放，分享，下载'],
    ['← ↑ ↓ → Enter', '在画纸上：移动，落笔或抬笔'],
    ['Space ← →', '在回放中：播放或暂停，前后移动'],
    ['Esc', '返回'],
  ] as [keys: string, what: string][],
  characterKeys: '启用单个字符的快捷键',
  search: '搜索标题',
  order: '排序',
  orders: { newest: '最新', oldest: '最早', title: '标题' },
  oneStrokeShort: '一笔',
  tooManyStrokes: '这幅画不止一笔，保持原样',
  newOneStroke: '新画一幅“一笔到底”',
  copyPicture: '复制图片',
  send: '发送…',
};

type Words = typeof zh;

const en: Words = {
  ...commonWords.en,
  name: name.en,
  tagline: 'One finger, one pen, one line to the end.',
  welcome: 'Every stroke is saved with its timing, so you can replay it at any time.',
  whoAreYou: 'Your name',
  defaultUser: '小明',
  start: 'Start drawing',
  simulated: 'Development mode: WeChat is simulated, any name logs you in.',
  production:
    'This is the service behind the WeChat mini program 一笔到底. To draw, open the mini program; to build on it, read the reference.',
  docs: 'API reference',
  otherLanguage: '中文',
  switchUser: 'Log out',
  loggedInAs: 'Logged in as',
  gallery: 'My drawings',
  draw: 'Draw',
  newDrawing: 'New drawing',
  title: 'Title',
  drawHere: 'Draw something here',
  savesItself: 'It saves itself',
  drawing: 'Paper',
  strokes: 'strokes',
  keyboardDrawing: 'Arrow keys move, Enter puts the pen down or lifts it.',
  brush: 'Brush: width by pressure or speed',
  widths: ['Fine', 'Medium', 'Broad', 'Very broad'],
  oneStroke: 'One stroke: done when you lift',
  doneSays: 'One stroke!',
  again: 'Draw another',
  shareSays: 'Anyone with this link sees the drawing, its replay, and your nickname and avatar, without logging in.',
  link: 'Link',
  copy: 'Copy',
  copied: 'Copied',
  unshared: 'No longer shared: the link has stopped working',
  drawYourOwn: 'Draw your own',
  download: 'Download',
  downloadPNG: 'PNG picture',
  downloadSVG: 'SVG picture',
  downloadMoving: 'SVG that draws itself',
  downloadVideo: 'Video of the replay',
  recording: 'Recording the video',
  save: 'Save',
  notRemoved: 'Changed elsewhere, so not deleted',
  restore: 'Undo',
  open: 'Open',
  saved: 'Saved',
  saving: 'Saving…',
  waiting: 'Stored here until the network is back',
  notStored: 'Browser storage is full: keep this page open',
  refused: 'Not saved',
  conflict: 'Changed elsewhere',
  conflictChoose: 'Conflict',
  conflictSays: 'This drawing was also changed on another device. Which one do you want to keep?',
  theirsDeleted: 'It was deleted on another device.',
  mine: 'This device',
  theirs: 'The other device',
  keepMine: 'Keep this one',
  takeTheirs: 'Keep the other one',
  keepBoth: 'Keep both',
  letGo: 'Delete it',
  dropChange: 'Drop my change',
  saveAnyway: 'Save anyway',
  saveAsNew: 'Save as a new drawing',
  notFound: 'This drawing is gone, or no longer shared.',
  tooMany: 'Too many drawings: please delete some.',
  tooLarge: 'This drawing is too large.',
  suspended: 'Your account is suspended: you can view, export and delete.',
  failed: 'That did not work. Try again later.',
  offline: 'No network. Try again later.',
  retry: 'Try again',
  keys: 'Keys',
  keyList: [
    ['N', 'New drawing'],
    ['1 … 7', 'Colour'],
    ['[ ]', 'Width'],
    ['B', 'Brush'],
    ['E', 'Eraser'],
    ['O', 'One stroke'],
    ['Ctrl+Z Ctrl+Y', 'Undo, redo'],
    ['Delete', 'Clear'],
    ['R S D', 'Replay, share, download'],
    ['← ↑ ↓ → Enter', 'On the paper: move, put the pen down or lift it'],
    ['Space ← →', 'In a replay: play or pause, go back and forth'],
    ['Esc', 'Back'],
  ],
  characterKeys: 'Keys of one character are on',
  search: 'Search titles',
  order: 'Order',
  orders: { newest: 'Newest first', oldest: 'Oldest first', title: 'By title' },
  oneStrokeShort: '1 stroke',
  tooManyStrokes: 'This drawing has several strokes and stays as it is',
  newOneStroke: 'New drawing in one stroke',
  copyPicture: 'Copy picture',
  send: 'Send…',
};

export type Language = 'zh' | 'en';
const key = 'onestroke.language';

const chosen = storage.get(key);

export let language: Language =
  chosen === 'zh' || chosen === 'en' ? chosen : navigator.language.startsWith('zh') ? 'zh' : 'en';
export let words = language === 'zh' ? zh : en;
setDocumentLanguage();

/** Switches to the other language, and stores the choice. */
export function switchLanguage(): void {
  language = language === 'zh' ? 'en' : 'zh';
  words = language === 'zh' ? zh : en;
  keep(key, language);
  setDocumentLanguage();
}

/** A moment relative to now, in the user's language. By a clock that is slow, it may seem to be later. */
export function ago(moment: string): string {
  const seconds = Math.min(0, Date.parse(moment) - Date.now()) / 1000;
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: 'auto', style: 'narrow' });
  for (const [unit, length] of [
    ['day', 86_400],
    ['hour', 3_600],
    ['minute', 60],
  ] as const) {
    if (Math.abs(seconds) >= 7 * 86_400) break;
    if (Math.abs(seconds) >= length) return format.format(Math.round(seconds / length), unit);
  }
  if (Math.abs(seconds) < 60) return format.format(0, 'second');
  return new Date(moment).toLocaleDateString(document.documentElement.lang);
}

function setDocumentLanguage(): void {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
}
