"""Which triangle does each sample of the picture see? Bins and scan-converts triangles, four samples a pixel.

The samples of a pixel lie on four sub-scanlines, at the sideways offsets of the standard rotated grid that graphics
hardware uses. A triangle owns the samples between its edges, half open, each edge evaluated from its upper to its lower
end: triangles that share an edge leave no gap and no overlap.
"""

import numpy as np
from numba import njit

SAMPLES = 4
SAMPLE_X = (0.375, 0.875, 0.125, 0.625)


@njit(cache=True, nogil=True)
def bin_triangles(screen, triangles, double_sided, chosen, width, height, band_rows):
    """List the triangles that touch each band of `band_rows` pixel rows.

    Returns:
        start: (bands + 1,) where each band begins in `items`; items: triangle numbers in ascending order within a band.
    """
    bands = (height + band_rows - 1) // band_rows
    first = np.empty(len(triangles), np.int32)
    last = np.empty(len(triangles), np.int32)
    start = np.zeros(bands + 1, np.int32)
    for t in range(len(triangles)):
        first[t] = 1
        last[t] = 0
        if not chosen[t]:
            continue
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ax, ay = screen[a, 0], screen[a, 1]
        bx, by = screen[b, 0], screen[b, 1]
        cx, cy = screen[c, 0], screen[c, 1]
        # Counter-clockwise faces the viewer; the picture's y points down, so their sign is negative.
        if not double_sided[t] and (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) >= 0.0:
            continue
        low = min(ay, by, cy)
        high = max(ay, by, cy)
        if high <= 0.0 or low >= height or max(ax, bx, cx) <= 0.0 or min(ax, bx, cx) >= width:
            continue
        first[t] = max(int(low), 0) // band_rows
        last[t] = min(int(high), height - 1) // band_rows
        for band in range(first[t], last[t] + 1):
            start[band + 1] += 1
    for band in range(bands):
        start[band + 1] += start[band]
    items = np.empty(start[bands], np.int32)
    position = start[:-1].copy()
    for t in range(len(triangles)):
        for band in range(first[t], last[t] + 1):
            items[position[band]] = t
            position[band] += 1
    return start, items


@njit(cache=True, nogil=True, error_model="numpy")
def raster_rows(screen, triangles, items, row, rows, seen, depth):
    """Scan-convert `items` into the pixel rows [row, row + rows).

    Args:
        screen: (vertices, 3) pixel x, pixel y (down) and a depth linear in them, above 0, greater is nearer.
        triangles: (faces, 3).
        items: triangles to draw.
        row: first pixel row.
        rows: number of pixel rows.
        seen: (4 * rows, width) receives the number of the triangle nearest to the viewer, -1 where there is none.
        depth: (4 * rows, width) receives its depth, 0 where there is none.
    """
    width = seen.shape[1]
    seen[: SAMPLES * rows] = -1
    depth[: SAMPLES * rows] = 0.0
    for item in items:
        a, b, c = triangles[item, 0], triangles[item, 1], triangles[item, 2]
        if screen[b, 1] < screen[a, 1]:
            a, b = b, a
        if screen[c, 1] < screen[b, 1]:
            b, c = c, b
            if screen[b, 1] < screen[a, 1]:
                a, b = b, a
        ax, ay, az = float(screen[a, 0]), float(screen[a, 1]), float(screen[a, 2])
        bx, by, bz = float(screen[b, 0]), float(screen[b, 1]), float(screen[b, 2])
        cx, cy, cz = float(screen[c, 0]), float(screen[c, 1]), float(screen[c, 2])
        twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if twice_area == 0.0:
            continue
        slope_x = ((bz - az) * (cy - ay) - (cz - az) * (by - ay)) / twice_area
        slope_y = ((cz - az) * (bx - ax) - (bz - az) * (cx - ax)) / twice_area
        long = (cx - ax) / (cy - ay)
        upper = (bx - ax) / (by - ay)
        lower = (cx - bx) / (cy - by)
        first = max(int(np.ceil(ay * SAMPLES - 0.5)), row * SAMPLES)
        last = min(int(np.ceil(cy * SAMPLES - 0.5)), (row + rows) * SAMPLES)
        for line in range(first, last):
            y = (line + 0.5) / SAMPLES
            x0 = ax + (y - ay) * long
            x1 = ax + (y - ay) * upper if y < by else bx + (y - by) * lower
            if x1 < x0:
                x0, x1 = x1, x0
            offset = SAMPLE_X[line & 3]
            left = max(int(np.ceil(x0 - offset)), 0)
            right = min(int(np.ceil(x1 - offset)), width)
            if left >= right:
                continue
            z = az + (left + offset - ax) * slope_x + (y - ay) * slope_y
            here = line - row * SAMPLES
            for x in range(left, right):
                if z > depth[here, x]:
                    depth[here, x] = z
                    seen[here, x] = item
                z += slope_x
    return seen, depth
