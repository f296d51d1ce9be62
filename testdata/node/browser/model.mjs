// A model that speaks the OpenAI way and says what the test lets it say, piece by piece.
import { createServer } from 'node:http';

export class Model {
  static async start() {
    const model = new Model();
    model.asked = 0;
    model.open = new Set();
    model.server = createServer((request, reply) => model.#answer(request, reply));
    await new Promise((resolve) => model.server.listen(0, '127.0.0.1', resolve));
    model.url = `http://127.0.0.1:${model.server.address().port}/v1`;
    return model;
  }

  async #answer(request, reply) {
    let body = '';
    for await (const piece of request) body += piece;
    if (request.method !== 'POST') return reply.writeHead(200, { 'content-type': 'application/json' }).end('{"data":[{"id":"slow"}]}');
    this.asked++;
    reply.writeHead(200, { 'content-type': 'text/event-stream' });
    this.open.add(reply);
    reply.on('close', () => this.open.delete(reply));
    this.last = body;
    if (this.begin) this.say(this.begin);
  }

  // say gives a piece to whoever asks now.
  say(text) {
    for (const reply of this.open) reply.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'slow', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] })}\n\n`);
  }

  end() {
    for (const reply of this.open) {
      reply.write(`data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'slow', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 10, completion_tokens: 10, total_tokens: 20 } })}\n\n`);
      reply.end('data: [DONE]\n\n');
    }
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
