import type { ClientCode, Problem, Result } from 'onestroke-client';
import { client } from '../../client';
import { baseUrl } from '../../config';
import { agreed } from '../../privacy';
import { textOf } from '../../problem';
import { words } from '../../words';

interface Profile {
  nickname?: string;
  nicknameState?: string;
  avatar?: string;
  avatarState?: string;
}

/** The statuses that say that an uploaded file is no avatar: no picture, too large, or of another type. */
const noPicture = [400, 413, 415];

/** What the user shows of themselves, their data, and their account. */
Page({
  data: {
    words,
    nickname: '',
    avatar: '',
    says: '',
    /** Whether WeChat's components for nickname and avatar are shown. They need the user's consent before. */
    editing: false,
    exporting: false,
    /** The file with the user's data, once it is there. */
    exported: '',
  },
  /** Counts what was asked and what was changed: an answer that a change has overtaken is not shown. */
  asked: 0,
  /** The last change of the profile. */
  changing: undefined as Promise<void> | undefined,

  async onShow(): Promise<void> {
    void wx.setNavigationBarTitle({ title: words.me });
    const turn = ++this.asked;
    const profile = await client.getProfile();
    if (turn === this.asked) this.showProfile(profile);
  },

  showProfile(profile: Result<Profile>): void {
    if (!profile.ok) return this.say(textOf(profile.problem));
    this.asked++;
    const { nickname = '', nicknameState, avatar = '', avatarState } = profile.data;
    const states = [nicknameState, avatarState];
    const says = states.includes('refused') ? words.notChecked : states.some(waits) ? words.checked : '';
    this.setData({ nickname, avatar, says });
  },

  /** Makes a change of the profile when the one before has its answer: each answer has the whole profile as it was then. */
  async change(make: () => Promise<void>): Promise<void> {
    this.changing = (this.changing ?? Promise.resolve()).then(make, make);
    await this.changing;
  },

  say(title: string): void {
    void wx.showToast({ title, icon: 'none' });
  },

  async edit(): Promise<void> {
    if (await agreed()) this.setData({ editing: true });
  },

  async setNickname({ detail }: WechatMiniprogram.FormSubmit): Promise<void> {
    const nickname = String(detail.value['nickname']).trim();
    if (!nickname) return;
    await this.change(async () => {
      const profile = await client.putProfile({ body: { nickname } });
      if (!profile.ok && profile.problem.code === 'ERR_INVALID_REQUEST') this.say(words.nicknameRefused);
      else this.showProfile(profile);
    });
  },

  /** Uploads the picture that the user chose, which is in a temporary file. */
  async setAvatar({ detail }: WechatMiniprogram.CustomEvent<{ avatarUrl: string }>): Promise<void> {
    await this.change(async () => {
      const profile = await putAvatar(detail.avatarUrl);
      if (!profile.ok && noPicture.includes(profile.problem.status)) this.say(words.avatarRefused);
      else this.showProfile(profile);
    });
  },

  async removeProfile(): Promise<void> {
    await this.change(async () => {
      const removed = await client.deleteProfile();
      this.showProfile(removed.ok ? { ok: true, data: {}, etag: undefined } : removed);
    });
  },

  /** Writes everything that the service has of the user to a file, line by line. */
  async exportAll(): Promise<void> {
    if (this.data.exporting) return;
    this.setData({ exporting: true });
    const filePath = `${wx.env.USER_DATA_PATH}/onestroke.ndjson`;
    // A file throws if the phone has no room for it.
    const problem = await exportTo(filePath).catch(() => words.notWritten);
    if (problem) wx.getFileSystemManager().unlink({ filePath }); // a part of it would only take room
    this.setData({ exporting: false, exported: problem ? '' : filePath });
    if (problem) this.say(problem);
  },

  /** WeChat allows it only as the answer to a tap. */
  sendExport(): void {
    wx.shareFileMessage({ filePath: this.data.exported });
  },

  readPrivacy(): void {
    if (!wx.openPrivacyContract) return this.say(words.oldWeChat); // a base library older than 2.32.3
    wx.openPrivacyContract({ fail: () => this.say(words.problems.busy) });
  },

  async deleteAccount(): Promise<void> {
    const { confirm } = await wx.showModal({
      title: words.deleteAccount,
      content: words.deleteSays,
      confirmText: words.remove,
      cancelText: words.cancel,
    });
    if (!confirm) return;
    const deleted = await client.deleteAccount();
    if (!deleted.ok) return this.say(textOf(deleted.problem));
    void wx.reLaunch({ url: '/pages/gallery/gallery' });
  },
});

/** Writes the user's data to a file. Gives why something is missing; empty if nothing is. */
async function exportTo(filePath: string): Promise<string> {
  const files = wx.getFileSystemManager();
  files.writeFileSync(filePath, '', 'utf8');
  for await (const line of client.exportDrawings({ profile: true })) {
    if (!line.ok) return textOf(line.problem);
    files.appendFileSync(filePath, `${JSON.stringify(line.data)}\n`, 'utf8');
    if ('profile' in line.data) return ''; // the last line
  }
  return words.problems.offline;
}

/** Sends a file as the avatar, once more if the session has ended. */
async function putAvatar(filePath: string): Promise<Result<Profile>> {
  for (let tries = 1; ; tries++) {
    const token = await client.token();
    if (!token.ok) return token;
    const answer = await upload(filePath, token.data);
    if (answer.ok || answer.problem.status !== 401 || tries === 2) return answer;
    await client.getSession(); // finds that the session has ended, and opens a new one
  }
}

function upload(filePath: string, token: string): Promise<Result<Profile>> {
  return new Promise(resolve => {
    const failed = (code: ClientCode, status: number, detail: string) =>
      resolve({ ok: false, problem: { code, status, detail } });
    wx.uploadFile({
      url: `${baseUrl}/v1/profile/avatar`,
      filePath,
      name: 'avatar',
      header: { Authorization: `Bearer ${token}` },
      success({ statusCode, data }) {
        try {
          const body: unknown = JSON.parse(data);
          if (statusCode === 200) resolve({ ok: true, data: body as Profile, etag: undefined });
          else resolve({ ok: false, problem: body as Problem });
        } catch {
          failed('BAD_ANSWER', statusCode, data); // not from the service
        }
      },
      fail: ({ errMsg }) => failed('NETWORK_FAILED', 0, errMsg),
    });
  });
}

function waits(state: string | undefined): boolean {
  return state !== undefined && state !== 'approved';
}
