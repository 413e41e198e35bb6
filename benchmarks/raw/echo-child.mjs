// Answers each line with a line: what a runner costs without tasks. `node echo-child.mjs <socket path>`.
import { connect } from 'node:net';

const socket = connect(process.argv[2]);
let rest = '';
socket.setEncoding('utf8');
socket.on('data', (chunk) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop();
  let answer = '';
  for (const line of lines) answer += `${JSON.stringify({ verb: 'outcome', seq: JSON.parse(line).seq })}\n`;
  if (answer !== '') socket.write(answer);
});
