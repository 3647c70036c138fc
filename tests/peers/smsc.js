// An SMSC made of the npm package "smpp". Prints "listening PORT", then one JSON line for each submit_sm.
// A number that ends in 1 is refused, one that ends in 2 throttled; every other one is taken and gets a receipt.
'use strict';
const smpp = require('smpp');

let ids = 1000;
const server = smpp.createServer((session) => {
  session.on('error', () => {});
  for (const bind of ['bind_transceiver', 'bind_transmitter', 'bind_receiver']) {
    session.on(bind, (pdu) => {
      const known = pdu.system_id === 'muster' && pdu.password === 'secret';
      session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RINVPASWD, system_id: 'npm' }));
    });
  }
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('submit_sm', (pdu) => {
    const to = pdu.destination_addr;
    const status = to.endsWith('1') ? smpp.ESME_RINVDSTADR : to.endsWith('2') ? smpp.ESME_RTHROTTLED : 0;
    const id = String(ids++);
    session.send(pdu.response({ command_status: status, message_id: status ? '' : id }));
    const { message, udh } = pdu.short_message;
    const seen = { to, from: pdu.source_addr, text: message, coding: pdu.data_coding, udh: udh && udh.map((e) => e.toString('hex')) };
    process.stdout.write(JSON.stringify(seen) + '\n');
    if (status || !pdu.registered_delivery) return;
    session.deliver_sm({
      source_addr: to,
      destination_addr: pdu.source_addr,
      esm_class: 4,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000 text:`,
      receipted_message_id: id,
      message_state: 2,
    }, (answer) => process.stdout.write(JSON.stringify({ answered: id, status: answer.command_status }) + '\n'));
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`));
