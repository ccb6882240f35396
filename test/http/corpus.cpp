#include "corpus.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sluice::test {
namespace {

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') continue;
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    switch (i + 1 < text.size() ? text[++i] : '\n') {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case 's':
        out += ' ';
        break;
      case '0':
        out += '\0';
        break;
      case '\\':
        out += '\\';
        break;
      case 'x':
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
        break;
      case '{': {
        const size_t star = text.find('*', i);
        const size_t end = text.find('}', i);
        if (star == std::string_view::npos || end == std::string_view::npos || end < star)
          throw std::runtime_error("a repetition is written \\{COUNT*TEXT}");
        const int count = std::stoi(std::string(text.substr(i + 1, star - i - 1)));
        const std::string piece = unescape(text.substr(star + 1, end - star - 1));
        for (int n = 0; n < count; ++n) out += piece;
        i = end;
        break;
      }
      default:
        throw std::runtime_error("unknown escape at byte " + std::to_string(i));
    }
  }
  return out;
}

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

void set(HttpCase& the, const std::string& key, const std::string& value) {
  std::istringstream words(value);
  std::string word;
  if (key == "status") {
    while (words >> word) {
      if (word == "100?")
        the.may_continue = true;
      else if (word == "100")
        the.must_continue = true;
      else
        the.statuses.push_back(std::stoi(word));
    }
  } else if (key == "closed") {
    if (value != "yes" && value != "no") throw std::runtime_error("closed: yes or no");
    the.closed = value == "yes";
  } else if (key == "handled") {
    while (std::getline(words, word, ';')) the.handled.push_back(trimmed(word));
  } else if (key == "says") {
    the.says = value;
  } else if (key == "seconds") {
    the.seconds = std::stoi(value);
  } else {
    throw std::runtime_error("unknown line '" + key + "'");
  }
}

}  // namespace

HttpCase read_http_case(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + " cannot be read");
  HttpCase the;
  the.name = std::filesystem::path(file).stem();
  std::string line;
  int required = 0;
  while (std::getline(in, line) && line != "---") {
    if (line.starts_with('#')) continue;
    const size_t colon = line.find(':');
    if (colon == std::string::npos) throw std::runtime_error(file + ": no ':' in '" + line + "'");
    const std::string key = line.substr(0, colon);
    required += key == "status" || key == "closed" || key == "handled";
    try {
      set(the, key, trimmed(line.substr(colon + 1)));
    } catch (const std::exception& fault) {
      throw std::runtime_error(file + ": " + fault.what());
    }
  }
  if (required != 3) throw std::runtime_error(file + " must say status, closed and handled");
  std::ostringstream rest;
  rest << in.rdbuf();
  the.bytes = unescape(rest.str());
  return the;
}

}  // namespace sluice::test
