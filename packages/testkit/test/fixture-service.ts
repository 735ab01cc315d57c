// Stands in for a service in spawn-service.int.test.ts: `MODE` says how it behaves.
import { createServer } from 'node:http';

const { MODE, HEALTH_PORT, SECRET_OF_THE_PARENT } = process.env;

process.stdout.write(`${JSON.stringify({ msg: 'starting', inherited: SECRET_OF_THE_PARENT ?? null })}\n`);
if (MODE === 'crash') {
  process.stderr.write('Error: the configuration is wrong\n');
  process.exit(78);
}
let answers = 0;
createServer((_request, response) => {
  answers += 1;
  response.writeHead(answers > 2 ? 200 : 503).end();
}).listen(Number(HEALTH_PORT), '127.0.0.1');

process.on('SIGTERM', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'stopped' })}\n`);
  process.exit(0);
});
