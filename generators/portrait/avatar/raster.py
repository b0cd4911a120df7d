"""Where does each pixel of a frame come from? Triangles are scan-converted into a map of source coordinates."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def draw_map(screen, source, triangles, behind, origin, depth):
    """Write the source coordinates of the nearest triangle into a map.

    A pixel belongs to a triangle if its centre lies between the edges, half open: triangles that share an edge leave
    no gap and no overlap.

    Args:
        screen: (vertices, 3) x right, y down in px, z away from the viewer.
        source: (vertices, 2) where each vertex lies in the source.
        triangles: (faces, 3).
        behind: how far the triangles are pushed away from the viewer when depths are compared.
        origin: (rows, columns, 2) receives source coordinates.
        depth: (rows, columns) receives depths; nearer ones that it holds already win.
    """
    rows, columns = depth.shape
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if screen[b, 1] < screen[a, 1]:
            a, b = b, a
        if screen[c, 1] < screen[b, 1]:
            b, c = c, b
            if screen[b, 1] < screen[a, 1]:
                a, b = b, a
        ax, ay = float(screen[a, 0]), float(screen[a, 1])
        bx, by = float(screen[b, 0]), float(screen[b, 1])
        cx, cy = float(screen[c, 0]), float(screen[c, 1])
        twice_area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if twice_area == 0.0:
            continue
        first, last = max(int(np.ceil(ay - 0.5)), 0), min(int(np.ceil(cy - 0.5)), rows)
        if first >= last:
            continue
        az = float(screen[a, 2]) + behind
        z_ab, z_ac = float(screen[b, 2]) + behind - az, float(screen[c, 2]) + behind - az
        au, av = float(source[a, 0]), float(source[a, 1])
        u_ab, u_ac = float(source[b, 0]) - au, float(source[c, 0]) - au
        v_ab, v_ac = float(source[b, 1]) - av, float(source[c, 1]) - av
        z_x = (z_ab * (cy - ay) - z_ac * (by - ay)) / twice_area
        z_y = (z_ac * (bx - ax) - z_ab * (cx - ax)) / twice_area
        u_x = (u_ab * (cy - ay) - u_ac * (by - ay)) / twice_area
        u_y = (u_ac * (bx - ax) - u_ab * (cx - ax)) / twice_area
        v_x = (v_ab * (cy - ay) - v_ac * (by - ay)) / twice_area
        v_y = (v_ac * (bx - ax) - v_ab * (cx - ax)) / twice_area
        long = (cx - ax) / (cy - ay)
        upper = (bx - ax) / (by - ay)
        lower = (cx - bx) / (cy - by)
        for row in range(first, last):
            y = row + 0.5
            x0 = ax + (y - ay) * long
            x1 = ax + (y - ay) * upper if y < by else bx + (y - by) * lower
            if x1 < x0:
                x0, x1 = x1, x0
            left, right = max(int(np.ceil(x0 - 0.5)), 0), min(int(np.ceil(x1 - 0.5)), columns)
            for column in range(left, right):
                across, down = column + 0.5 - ax, y - ay
                z = az + across * z_x + down * z_y
                if z < depth[row, column]:
                    depth[row, column] = z
                    origin[row, column, 0] = au + across * u_x + down * u_y
                    origin[row, column, 1] = av + across * v_x + down * v_y
