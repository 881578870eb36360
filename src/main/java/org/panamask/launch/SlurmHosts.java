package org.panamask.launch;

/// The short form in which Slurm lists machines, such as `gpu[03-05,9],login`.
final class SlurmHosts {
    private SlurmHosts() {}

    /// The first machine of `list`.
    ///
    /// @throws LaunchException if the list has another form
    static String first(String list) {
        int open = list.indexOf('[');
        int comma = list.indexOf(',');
        if (open < 0 || comma >= 0 && comma < open) {
            return comma < 0 ? list : list.substring(0, comma);
        }
        int close = list.indexOf(']', open);
        if (close < 0) {
            throw refused(list);
        }
        String inside = list.substring(open + 1, close);
        String number = inside.split("[-,]", 2)[0];
        int next = list.indexOf(',', close);
        String behind = list.substring(close + 1, next < 0 ? list.length() : next);
        if (!number.matches("\\d+") || behind.indexOf('[') >= 0) {
            throw refused(list);
        }
        return list.substring(0, open) + number + behind;
    }

    private static LaunchException refused(String list) {
        return new LaunchException("launch: Slurm's list of machines must look like gpu[03-05,9],login, not '" + list
                + "'; set " + LaunchVariables.ADDRESS + " to the machine of rank 0");
    }
}
