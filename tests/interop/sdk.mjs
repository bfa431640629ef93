// The npm SDK against one server, told where by OPENAI_BASE_URL and OPENAI_API_KEY.
// Prints a line for each check, as TAP does.
import OpenAI, { toFile } from 'openai';

const openai = new OpenAI({ maxRetries: 0 });
const PNG = Buffer.from(
  '89504e470d0a1a0a0000000d49484452000000040000000408020000002693092900000010494441' +
  '54789c633811a001470cc47100125214011461b8050000000049454e44ae426082',
  'hex',
);
const PROMPT = 'A calico cat playing a piano on stage';

function must(fact, found) {
  if (!fact) throw new Error(`unexpected: ${JSON.stringify(found)}`);
}

async function refused(promise, status, code) {
  try {
    await promise;
  } catch (error) {
    must(error.status === status && error.code === code, { status: error.status, code: error.code });
    return;
  }
  throw new Error('it was taken');
}

async function completed(id) {
  for (;;) {
    const { data, response } = await openai.videos.retrieve(id).withResponse();
    if (data.status !== 'queued' && data.status !== 'in_progress') return data;
    const pause = Number(response.headers.get('openai-poll-after-ms'));
    must(pause > 0, pause);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

let video;
const checks = {
  async create() {
    video = await openai.videos.create({ prompt: PROMPT });
    must(video.id && video.status === 'queued', video);
  },
  async 'create with an image as a file'() {
    const image = await toFile(PNG, 'cat.png', { type: 'image/png' });
    const made = await openai.videos.create({ prompt: PROMPT, input_reference: image });
    must((await completed(made.id)).status === 'completed', made);
  },
  async 'create with an image as an object'() {
    const image_url = `data:image/png;base64,${PNG.toString('base64')}`;
    const made = await openai.videos.create({ prompt: PROMPT, input_reference: { image_url } });
    must((await completed(made.id)).status === 'completed', made);
  },
  async 'poll as openai-poll-after-ms says'() {
    const done = await completed(video.id);
    must(done.status === 'completed' && done.progress === 100 && done.error === null, done);
  },
  async content() {
    const film = Buffer.from(await (await openai.videos.downloadContent(video.id)).arrayBuffer());
    must(film.subarray(4, 8).toString() === 'ftyp', film.subarray(0, 12));
  },
  async list() {
    const ids = [];
    for await (const one of openai.videos.list({ limit: 2 })) ids.push(one.id);
    must(ids.length === 3 && ids.at(-1) === video.id, ids);
  },
  async remix() {
    const made = await openai.videos.remix(video.id, { prompt: 'at night' });
    must(made.remixed_from_video_id === video.id, made);
  },
  async 'edits, extensions and characters are a 404 with a code'() {
    const body = { prompt: PROMPT, video: { id: video.id } };
    await refused(openai.videos.edit(body), 404, 'not_offered');
    await refused(openai.videos.extend({ ...body, seconds: '4' }), 404, 'not_offered');
    await refused(openai.videos.getCharacter('char_1'), 404, 'not_offered');
  },
  async 'a refusal names its field'() {
    await refused(openai.videos.create({ prompt: PROMPT, size: '1x1' }), 400, 'invalid_value');
  },
  async delete() {
    must((await openai.videos.delete(video.id)).deleted === true, video.id);
    await refused(openai.videos.retrieve(video.id), 404, 'video_not_found');
  },
};

let number = 0;
for (const [name, check] of Object.entries(checks)) {
  number += 1;
  try {
    await check();
    console.log(`ok ${number} - ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`not ok ${number} - ${name}: ${String(error).slice(0, 300)}`);
  }
}
