"""How good pictures are: naturalness (NIQE), closeness to the real clip (PSNR, SSIM), and distances between sets."""
