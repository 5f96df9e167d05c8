#include "study/store.h"

#include <array>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sqlite3.h>

#include "arch/config/text_file.h"
#include "arch/diag/check.h"
#include "arch/diag/error.h"

namespace systole {

namespace {

using Json = nlohmann::ordered_json;

/// "SyST": says whose file it is.
constexpr int kApplication = 0x53795354;

/// What brings a store from schema N to N + 1; the first one makes it.
constexpr auto kMigrations = std::to_array<const char*>({
    R"(
CREATE TABLE runs (
  key TEXT PRIMARY KEY,      -- hash of chip, network and program version
  chip TEXT NOT NULL,        -- name of the base chip
  network TEXT NOT NULL,
  batch INTEGER NOT NULL,
  type TEXT NOT NULL,
  outcome TEXT NOT NULL,     -- done, infeasible, time, memory, crash, error
  reason TEXT NOT NULL,
  figures TEXT NOT NULL      -- JSON object: key of the report -> number
) WITHOUT ROWID;
CREATE TABLE studies (
  study INTEGER PRIMARY KEY,
  space TEXT NOT NULL UNIQUE, -- hash of base chip, axes, derived values and networks
  name TEXT NOT NULL,
  text TEXT NOT NULL          -- the study's file
);
CREATE TABLE points (
  study INTEGER NOT NULL,
  point INTEGER NOT NULL,     -- number in the grid, the last axis fastest
  "values" TEXT NOT NULL,     -- JSON object: axis -> value
  runs TEXT NOT NULL,         -- JSON list of keys in runs, one a network
  skipped TEXT NOT NULL,      -- why it was not run, else empty
  PRIMARY KEY (study, point)
) WITHOUT ROWID;
)",
    R"(
ALTER TABLE points ADD COLUMN goal TEXT NOT NULL DEFAULT ''; -- what was wanted when it was skipped
)",
});
static_assert(kMigrations.size() == StudyStore::kSchema);

class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql, const std::string& file)
      : database_(database), file_(file) {
    check(sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_,
                             nullptr));
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::string_view text) {
    check(sqlite3_bind_text(statement_, index, text.data(), static_cast<int>(text.size()),
                            SQLITE_TRANSIENT));  // NOLINT: the library's own constant
    return *this;
  }
  Statement& bind(int index, std::int64_t number) {
    check(sqlite3_bind_int64(statement_, index, number));
    return *this;
  }
  /// True where there is a row.
  bool step() {
    const int code = sqlite3_step(statement_);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
      check(code);
    }
    return code == SQLITE_ROW;
  }
  void reset() { sqlite3_reset(statement_); }
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = sqlite3_column_text(statement_, column);
    return bytes == nullptr ? "" : reinterpret_cast<const char*>(bytes);  // NOLINT: its own type
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }

 private:
  void check(int code) const {
    if (code != SQLITE_OK) {
      throw UserError(fmt::format("{}: cannot use the study store: {}", printable(file_),
                                  sqlite3_errmsg(database_)));
    }
  }

  sqlite3* database_;
  const std::string& file_;
  sqlite3_stmt* statement_ = nullptr;
};

std::string json_of(const FigureMap& figures) {
  Json json = Json::object();
  for (const auto& [key, value] : figures) {
    json[key] = value;
  }
  return json.dump();
}

std::string json_of(const std::vector<std::string>& texts) {
  return Json(texts).dump();
}

}  // namespace

struct StudyStore::Database {
  std::string file;
  sqlite3* handle = nullptr;

  ~Database() { sqlite3_close_v2(handle); }

  [[noreturn]] void fail(std::string_view why) const {
    throw UserError(fmt::format("{}: cannot use the study store: {}", printable(file), why));
  }
  void execute(const std::string& sql) const {
    if (sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
      fail(sqlite3_errmsg(handle));
    }
  }
  [[nodiscard]] Statement prepare(std::string_view sql) const {
    return Statement(handle, sql, file);
  }
  [[nodiscard]] std::int64_t number(std::string_view sql) const {
    Statement statement = prepare(sql);
    return statement.step() ? statement.integer(0) : 0;
  }
  /// All of `work`, or nothing.
  template <class Work>
  void transaction(Work work) const {
    execute("BEGIN IMMEDIATE");
    try {
      work();
      execute("COMMIT");
    } catch (...) {
      sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
      throw;
    }
  }
  /// Says whose file it is, before anything is written to it.
  void identify(Mode mode) const {
    const std::int64_t application = number("PRAGMA application_id");
    const std::int64_t schema = number("PRAGMA user_version");
    const bool is_empty = number("SELECT count(*) FROM sqlite_master") == 0;
    if (application != kApplication && !(is_empty && application == 0)) {
      throw UserError(
          fmt::format("{}: expected a study store, got another database", printable(file)));
    }
    if (application != kApplication && mode == Mode::Read) {
      throw UserError(
          fmt::format("{}: expected a study store, got an empty file", printable(file)));
    }
    if (schema > kSchema) {
      throw UserError(fmt::format(
          "{}: expected a study store of schema {} or before, got {} (of a later systole)",
          printable(file), kSchema, schema));
    }
    if (schema < kSchema && mode == Mode::Read) {
      throw UserError(
          fmt::format("{}: expected a study store of schema {}, got {} ('systole study "
                      "run' brings it up to date)",
                      printable(file), kSchema, schema));
    }
  }
  void migrate() const {
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
    transaction([&] {
      for (auto from = number("PRAGMA user_version"); from < kSchema; ++from) {
        execute(kMigrations[static_cast<std::size_t>(from)]);
        execute(fmt::format("PRAGMA user_version = {}", from + 1));
      }
      execute(fmt::format("PRAGMA application_id = {}", kApplication));
    });
  }
};

StudyStore::StudyStore(const std::string& file, Mode mode)
    : database_(std::make_unique<Database>()) {
  constexpr int kBusyMilliseconds = 60'000;
  Database& database = *database_;
  database.file = file;
  std::error_code ignored;
  if (mode == Mode::Read && !std::filesystem::exists(file, ignored)) {
    throw UserError(fmt::format("{}: expected a study store, got no file", printable(file)));
  }
  const int flags =
      mode == Mode::Read ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(file.c_str(), &database.handle, flags, nullptr) != SQLITE_OK) {
    database.fail(database.handle == nullptr ? "out of memory" : sqlite3_errmsg(database.handle));
  }
  sqlite3_busy_timeout(database.handle, kBusyMilliseconds);
  database.identify(mode);
  if (mode == Mode::Write) {
    if (sqlite3_db_readonly(database.handle, "main") == 1) {
      database.fail("attempt to write a readonly database");
    }
    database.migrate();
  }
}

StudyStore::~StudyStore() = default;
StudyStore::StudyStore(StudyStore&&) noexcept = default;
StudyStore& StudyStore::operator=(StudyStore&&) noexcept = default;

namespace {

constexpr std::string_view kRunColumns =
    "key, chip, network, batch, type, outcome, reason, figures";

StoredRun run_of(const Statement& row, const std::string& file) {
  StoredRun run{.key = row.text(0),
                .chip = row.text(1),
                .network = row.text(2),
                .batch = row.integer(3),
                .type = row.text(4),
                .reason = row.text(6)};
  const std::optional<RunEnd> end = value_named<RunEnd>(row.text(5));
  const Json figures = Json::parse(row.text(7), nullptr, false);
  if (!end || !figures.is_object()) {
    throw UserError(fmt::format("{}: expected a study store, got a damaged row of runs ({})",
                                printable(file), run.key));
  }
  run.end = *end;
  for (const auto& [key, value] : figures.items()) {
    if (value.is_number()) {
      run.figures.emplace_hint(run.figures.end(), key, value.get<double>());
    }
  }
  return run;
}

}  // namespace

std::optional<StoredRun> StudyStore::run(const std::string& key) const {
  Statement statement =
      database_->prepare(fmt::format("SELECT {} FROM runs WHERE key = ?", kRunColumns));
  return statement.bind(1, key).step() ? std::optional(run_of(statement, database_->file))
                                       : std::nullopt;
}

bool StudyStore::has_run(const std::string& key) const {
  return database_->prepare("SELECT 1 FROM runs WHERE key = ?").bind(1, key).step();
}

std::vector<StoredRun> StudyStore::runs() const {
  std::vector<StoredRun> runs;
  Statement statement =
      database_->prepare(fmt::format("SELECT {} FROM runs ORDER BY key", kRunColumns));
  while (statement.step()) {
    runs.push_back(run_of(statement, database_->file));
  }
  return runs;
}

void StudyStore::put(const StoredRun& run) {
  put(std::vector<StoredRun>{run});
}

void StudyStore::put(const std::vector<StoredRun>& runs) {
  database_->transaction([&] {
    Statement statement = database_->prepare(fmt::format(
        "INSERT OR REPLACE INTO runs ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kRunColumns));
    for (const StoredRun& run : runs) {
      statement.bind(1, run.key)
          .bind(2, run.chip)
          .bind(3, run.network)
          .bind(4, run.batch)
          .bind(5, run.type)
          .bind(6, name_of(run.end))
          .bind(7, run.reason)
          .bind(8, json_of(run.figures))
          .step();
      statement.reset();
    }
  });
}

std::optional<std::int64_t> StudyStore::study(const std::string& space) const {
  Statement statement = database_->prepare("SELECT study FROM studies WHERE space = ?");
  return statement.bind(1, space).step() ? std::optional(statement.integer(0)) : std::nullopt;
}

std::optional<std::int64_t> StudyStore::latest_study(const std::string& beginning) const {
  Statement statement = database_->prepare(
      "SELECT study FROM studies WHERE substr(space, 1, length(?1)) = ?1 ORDER BY study DESC");
  return statement.bind(1, beginning).step() ? std::optional(statement.integer(0)) : std::nullopt;
}

std::int64_t StudyStore::add_study(const std::string& space, const std::string& name,
                                   const std::string& text) {
  database_->transaction([&] {
    database_
        ->prepare(
            "INSERT INTO studies (space, name, text) VALUES (?, ?, ?) "
            "ON CONFLICT (space) DO UPDATE SET name = excluded.name, text = excluded.text")
        .bind(1, space)
        .bind(2, name)
        .bind(3, text)
        .step();
  });
  return study(space).value();
}

void StudyStore::put(std::int64_t study, const std::vector<StoredPoint>& points) {
  database_->transaction([&] {
    // A point that was run stays so: skipping it later says less.
    Statement statement = database_->prepare(
        "INSERT INTO points (study, point, \"values\", runs, skipped, goal) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (study, point) DO UPDATE SET "
        "\"values\" = excluded.\"values\", runs = excluded.runs, skipped = excluded.skipped, "
        "goal = excluded.goal WHERE points.runs = '[]' OR excluded.runs <> '[]'");
    for (const StoredPoint& point : points) {
      statement.bind(1, study)
          .bind(2, point.point)
          .bind(3, point.values)
          .bind(4, json_of(point.runs))
          .bind(5, point.skipped)
          .bind(6, point.goal)
          .step();
      statement.reset();
    }
  });
}

std::vector<StoredPoint> StudyStore::points(std::int64_t study) const {
  std::vector<StoredPoint> points;
  Statement statement = database_->prepare(
      "SELECT point, \"values\", runs, skipped, goal FROM points WHERE study = ? ORDER BY point");
  statement.bind(1, study);
  while (statement.step()) {
    StoredPoint point{.point = statement.integer(0),
                      .values = statement.text(1),
                      .skipped = statement.text(3),
                      .goal = statement.text(4)};
    const Json runs = Json::parse(statement.text(2), nullptr, false);
    if (!runs.is_array()) {
      throw UserError(fmt::format("{}: expected a study store, got a damaged row of points ({})",
                                  printable(database_->file), point.point));
    }
    for (const Json& key : runs) {
      point.runs.push_back(key.is_string() ? key.get<std::string>() : "");
    }
    points.push_back(std::move(point));
  }
  return points;
}

void StudyStore::merge(const std::string& file) {
  { const StudyStore other(file, Mode::Write); }  // a store, of this schema
  database_->prepare("ATTACH DATABASE ? AS other").bind(1, file).step();
  try {
    database_->transaction([&] {
      // Stored runs stay: a repetition is equal, or ended badly for reasons of its machine.
      database_->execute(
          fmt::format("INSERT OR IGNORE INTO main.runs ({0}) SELECT {0} FROM other.runs;"
                      "INSERT OR REPLACE INTO main.runs ({0}) SELECT {1} FROM other.runs AS o JOIN "
                      "main.runs AS "
                      "m USING (key) WHERE o.outcome = 'done' AND m.outcome <> 'done';",
                      kRunColumns,
                      "o.key, o.chip, o.network, o.batch, o.type, o.outcome, o.reason, o.figures"));
      database_->execute(
          "INSERT OR IGNORE INTO main.studies (space, name, text) SELECT space, name, text FROM "
          "other.studies;"
          "INSERT INTO main.points (study, point, \"values\", runs, skipped, goal) "
          "SELECT s.study, p.point, p.\"values\", p.runs, p.skipped, p.goal FROM other.points AS p "
          "JOIN other.studies AS o ON o.study = p.study JOIN main.studies AS s ON s.space = "
          "o.space WHERE true ON CONFLICT (study, point) DO UPDATE SET runs = excluded.runs, "
          "skipped = excluded.skipped, goal = excluded.goal "
          "WHERE points.runs = '[]' AND excluded.runs <> '[]';");
    });
  } catch (...) {
    sqlite3_exec(database_->handle, "DETACH DATABASE other", nullptr, nullptr, nullptr);
    throw;
  }
  database_->execute("DETACH DATABASE other");
}

}  // namespace systole
