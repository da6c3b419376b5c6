#!/usr/bin/env bash
# Builds storebox_X_ARCH.deb, the box, and storebox-hq_X_ARCH.deb, headquarters, into a folder:  deb.sh FOLDER
#
# Why two packages, each with a tree of its own: a box's release changes by signed bundles, twice over (A and B), while
# headquarters is an ordinary server that its people upgrade by apt. A common tree would tie the two together, would put
# a database engine and plotting libraries on every box, and a box's units and udev rules on every server. The price is
# that a machine that has both, as in a trial, holds Python's libraries twice.
#
# Why dpkg-deb and no debhelper: the recipe is these lines, and it needs nothing but dpkg.
set -euo pipefail
cd "$(dirname "$0")/../.."
umask 022

out=$1
version=$(sed -n 's/^version = //p' setup.cfg)
architecture=$(dpkg --print-architecture)
stage=$PWD/build/stage
# What a box starts by itself: all that says [Install], but for headquarters'.
units=$(grep -l '^\[Install\]' systemd/storebox* | grep -v storebox-hq | xargs -n 1 basename | LC_ALL=C sort | paste -sd ' ')

# put MODE SOURCE TARGET: a file of the project into the stage.
put() { install -D -m "$1" "$2" "$stage/$3"; }

# control PACKAGE: what dpkg must know; scripts and conffiles from config/install/deb/PACKAGE.
control() {
    local from=config/install/deb/$1 script
    install -d -m 755 "$stage/DEBIAN"
    sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
        -e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$stage" | cut -f1)/" "$from/control" >"$stage/DEBIAN/control"
    for script in preinst postinst prerm postrm; do
        [ ! -e "$from/$script" ] || sed -e "s/@VERSION@/$version/g" -e "s/@UNITS@/$units/" "$from/$script" >"$stage/DEBIAN/$script"
        [ ! -e "$stage/DEBIAN/$script" ] || chmod 755 "$stage/DEBIAN/$script"
    done
    [ ! -e "$from/conffiles" ] || install -m 644 "$from/conffiles" "$stage/DEBIAN/conffiles"
    put 644 LICENSE "usr/share/doc/$1/copyright"
    put 644 CHANGELOG.md "usr/share/doc/$1/CHANGELOG.md"
}

# pack PACKAGE: the stage becomes a package; whole or not at all.
pack() {
    local file=$out/${1}_${version}_${architecture}.deb
    mkdir -p "$out"
    dpkg-deb --root-owner-group -Zzstd --build "$stage" "$file.part" >/dev/null
    mv "$file.part" "$file"
    rm -rf "$stage"
    echo "$file"
}

box() {
    local home=/opt/storebox/releases/$version unit
    rm -rf "$stage"
    config/install/tree.sh "$stage$home" "$home"
    # Who may sign releases for these boxes, as `storebox release keys` wrote it; without it a box takes no bundle.
    [ -z "${STOREBOX_RELEASE_KEYS:-}" ] || put 644 "$STOREBOX_RELEASE_KEYS" "$home/release-keys.json"
    # Its place in the line of releases; without it every bundle counts as newer, an old stick's too.
    [ -z "${STOREBOX_RELEASE_SEQUENCE:-}" ] || printf '{"sequence":%d,"version":"%s"}' "$STOREBOX_RELEASE_SEQUENCE" "$version" \
        >"$stage$home/release.json"
    for unit in systemd/storebox*.{service,socket,path,timer}; do
        case $unit in */storebox-hq*) ;; *) put 644 "$unit" "lib/systemd/system/${unit##*/}" ;; esac
    done
    put 644 systemd/storebox.sysusers.conf usr/lib/sysusers.d/storebox.conf
    put 644 systemd/storebox.tmpfiles.conf usr/lib/tmpfiles.d/storebox.conf
    put 644 systemd/storebox.modules.conf usr/lib/modules-load.d/storebox.conf
    put 644 config/udev/70-storebox.rules lib/udev/rules.d/70-storebox.rules
    put 644 config/storebox.toml etc/storebox/storebox.toml
    put 755 config/install/deb/storebox/command usr/bin/storebox
    control storebox
    pack storebox
}

headquarters() {
    local unit
    rm -rf "$stage"
    config/install/tree.sh "$stage/opt/storebox-hq" /opt/storebox-hq hq
    rm "$stage/opt/storebox-hq/bin/storebox"
    for unit in systemd/storebox-hq*.service; do
        put 644 "$unit" "lib/systemd/system/${unit##*/}"
    done
    put 644 systemd/storebox-hq.sysusers.conf usr/lib/sysusers.d/storebox-hq.conf
    put 755 config/install/deb/storebox-hq/command usr/bin/storebox-hq
    control storebox-hq
    pack storebox-hq
}

box
headquarters
