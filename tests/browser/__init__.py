"""The page in a real browser. Chromium and a Chinese font come from the system: `apt install chromium fonts-noto-cjk`."""
