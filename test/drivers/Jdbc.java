import java.sql.*;
import java.util.Arrays;

/** What a Java client does with codes, through pgjdbc. */
public class Jdbc {
	static int checks = 0;

	static void check(boolean ok, String what) {
		if (!ok) {
			System.err.println("pgjdbc: failed: " + what);
			System.exit(1);
		}
		checks++;
	}

	static String one(PreparedStatement statement) throws SQLException {
		try (ResultSet rows = statement.executeQuery()) {
			return rows.next() ? rows.getString(1) : "(no row)";
		}
	}

	static void refused(PreparedStatement statement, String sqlstate)
			throws SQLException {
		try {
			statement.execute();
			check(false, "statement should have been refused");
		} catch (SQLException error) {
			check(sqlstate.equals(error.getSQLState()), error.toString());
		}
	}

	static void insert(Connection c) throws SQLException {
		try (PreparedStatement s = c.prepareStatement(
				"INSERT INTO driver_case (id, sex, acts, citizenship)"
				+ " VALUES (?, ?, ?, ?)")) {
			s.setInt(1, 1);
			s.setString(2, "female");
			s.setArray(3, c.createArrayOf("text", new String[] {"recruit"}));
			s.setArray(4, c.createArrayOf("varchar", new String[] {"TT", "VE"}));
			check(s.executeUpdate() == 1, "insert");
			s.setInt(1, 2);
			s.setNull(2, Types.VARCHAR);
			s.setString(3, "{transport}");
			s.setNull(4, Types.ARRAY);
			check(s.executeUpdate() == 1, "insert of nulls");
			s.setInt(1, 3);
			s.setObject(2, "male", Types.OTHER);
			check(s.executeUpdate() == 1, "insert as Types.OTHER");
		}
	}

	static void filter(Connection c) throws SQLException {
		PreparedStatement s = c.prepareStatement(
			"SELECT id FROM driver_case WHERE sex = ?");
		/* five times and more: pgjdbc then changes to a named statement */
		for (int i = 0; i < 7; i++) {
			s.setString(1, "female");
			check("1".equals(one(s)), "filter");
		}
		s.setString(1, "femal");
		refused(s, "22P02");
		s = c.prepareStatement(
			"SELECT count(*) FROM driver_case WHERE sex IN (?, ?)");
		s.setString(1, "female");
		s.setString(2, "male");
		check("2".equals(one(s)), "IN");
		s = c.prepareStatement(
			"SELECT count(*) FROM driver_case WHERE sex = ANY (?)");
		s.setArray(1, c.createArrayOf("text", new String[] {"male", "female"}));
		check("2".equals(one(s)), "= ANY");
		s = c.prepareStatement("SELECT id FROM driver_case WHERE acts @> ?");
		s.setString(1, "transport");
		check("2".equals(one(s)), "@>");
		s = c.prepareStatement("SELECT id FROM driver_case ORDER BY sex NULLS FIRST");
		check("2".equals(one(s)), "ORDER BY");
		s = c.prepareStatement("SELECT sex FROM driver_case WHERE id = ?");
		s.setInt(1, 2);
		check(one(s) == null, "NULL");
		s.setInt(1, 1);
		check("female".equals(one(s)), "result as string");
		s = c.prepareStatement("UPDATE driver_case SET sex = ? WHERE id = 2");
		s.setString(1, "unknown");
		check(s.executeUpdate() == 1, "update");
	}

	public static void main(String[] args) throws Exception {
		for (String option : Arrays.asList("", "&stringtype=unspecified",
				"&binaryTransfer=true&prepareThreshold=-1")) {
			try (Connection c = DriverManager.getConnection(args[0] + option)) {
				c.createStatement().execute("DELETE FROM driver_case");
				insert(c);
				filter(c);
				c.createStatement().execute("DELETE FROM driver_case");
			}
		}
		System.out.println("pgjdbc: " + checks + " checks passed");
	}
}
