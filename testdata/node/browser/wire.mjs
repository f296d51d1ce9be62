// A wire between the browser and coach that can be cut: what runs over it is torn, and nothing new gets through.
import { connect, createServer } from 'node:net';

export class Wire {
  static async to(port) {
    const wire = new Wire();
    wire.pairs = new Set();
    wire.isCut = false;
    wire.server = createServer((near) => {
      if (wire.isCut) return near.destroy();
      const far = connect(port, '127.0.0.1');
      const pair = [near, far];
      wire.pairs.add(pair);
      for (const [a, b] of [pair, [far, near]]) {
        a.pipe(b);
        a.on('error', () => b.destroy());
        a.on('close', () => (b.destroy(), wire.pairs.delete(pair)));
      }
    });
    await new Promise((resolve) => wire.server.listen(0, '127.0.0.1', resolve));
    wire.url = `http://127.0.0.1:${wire.server.address().port}`;
    return wire;
  }

  cut() {
    this.isCut = true;
    for (const pair of this.pairs) for (const socket of pair) socket.destroy();
  }

  mend() {
    this.isCut = false;
  }

  close() {
    this.cut();
    this.server.close();
  }
}
