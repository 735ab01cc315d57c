#!/bin/sh
# Gives each event of apcupsd our script. What was there, such as Debian's scripts that send mail, is kept as NAME.before-wbor.
set -e
folder=${1:-/etc/apcupsd}
here=$(cd "$(dirname "$0")" && pwd)
install -m 755 "$here/ups-event" "$folder/ups-event"
for event in powerout onbattery offbattery mainsback failing timeout loadlimit runlimit doshutdown commfailure commok changeme \
    battdetach battattach startselftest endselftest annoyme emergency remotedown doreboot killpower; do
    if [ -e "$folder/$event" ] && [ ! -L "$folder/$event" ]; then mv "$folder/$event" "$folder/$event.before-wbor"; fi
    ln -sf ups-event "$folder/$event"
done
